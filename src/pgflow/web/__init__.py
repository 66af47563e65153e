"""The playground: a local web page over code and database."""

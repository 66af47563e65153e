import { memo, useId, useState } from "react";

function Find({
  slugs,
  onPick,
}: {
  slugs: string[];
  onPick: (slug: string) => void;
}) {
  const [text, setText] = useState("");
  const id = useId();

  const change = (value: string) => {
    setText(value);
    if (slugs.includes(value)) onPick(value);
  };
  const enter = () => {
    const found = slugs.find((slug) => slug.includes(text));
    if (text && found) onPick(found);
  };

  return (
    <>
      <input
        className="input find-step"
        type="search"
        list={id}
        value={text}
        placeholder={`Find one of ${slugs.length} steps`}
        aria-label="Find a step"
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && enter()}
      />
      <datalist id={id}>
        {slugs.map((slug) => (
          <option key={slug} value={slug} />
        ))}
      </datalist>
    </>
  );
}

/** Thousands of names are not listed again for every event. */
export const FindStep = memo(Find, (before, after) => before.slugs === after.slugs);

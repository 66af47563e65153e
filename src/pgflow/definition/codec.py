"""JSON in and out: the one place where a Python value becomes JSON text, or JSON text a value.

An annotation decides how: JSON types, TypedDict, dataclass, pydantic model, and whatever else
pydantic knows. Validation is as strict as a type checker: "5" is no int.
"""

from __future__ import annotations

import functools
import json
import types
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Union, get_args, get_origin

import typing_extensions

from pgflow.definition.annotations import describe
from pgflow.definition.flaws import DEEPEST, Place, is_too_deep, mismatches, why_not_json
from pgflow.definition.typed_dicts import digestible
from pgflow.errors import FlowDefinitionError, InvalidInput, InvalidOutput, PayloadError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
R = TypeVar("R")

_to_text = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class Codec(Generic[T]):
    """Decodes and encodes the values of one annotation.

    `subject` is what messages call the value; `place` may rewrite where inside it a mismatch lies.
    The pydantic schema is built at first use, so that declaring a flow stays cheap.

    Example:
        >>> Codec(list[int]).decode_json("[1, 2]")
        [1, 2]
    """

    def __init__(
        self, annotation: Any = Any, *, subject: str = "value", place: Place | None = None
    ) -> None:
        self.annotation = annotation
        self.subject = subject
        self._place = place
        self._is_free = annotation is Any or annotation is object
        self._is_plain = _is_plain(annotation)

    def decode_json(self, raw: bytes | str) -> T:
        """The value that the JSON text stands for. `InvalidInput` says what does not fit, where."""
        try:
            return self._validator.validate_json(raw, strict=True)
        except ValueError as error:
            raise InvalidInput(self._invalid(error)) from None

    def encode_json(self, value: T) -> str:
        """Compact JSON text of a value of the annotated type; `InvalidOutput` says why not."""
        plain = value if self._is_plain else self._dumped(value, InvalidOutput)
        text = self._text(plain, InvalidOutput)
        try:
            self._read_back(text)
        except ValueError as error:
            raise InvalidOutput(self._mismatching(error)) from None
        return text

    def encode_input(self, value: Any) -> str:
        """JSON text of a value from outside: an instance of the type, or its plain data.

        Plain data is kept as it is, with keys that the type does not know, if it validates.
        """
        text = self._outside_text(value)
        try:
            self._read_back(text)
        except ValueError as error:
            raise InvalidInput(self._invalid(error)) from None
        return text

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of the annotation."""
        return self._adapter.json_schema()

    def prepare(self) -> None:
        """Build the schema now. `FlowDefinitionError` when the annotation cannot travel as JSON."""
        _ = self._validator

    @functools.cached_property
    def _adapter(self) -> TypeAdapter[T]:
        try:
            return _adapter(self.annotation)
        except Exception as error:  # pydantic has no common root for what it raises here
            raise FlowDefinitionError(self._unusable(error)) from error

    @functools.cached_property
    def _validator(self) -> Any:
        return self._adapter.validator

    @functools.cached_property
    def _serializer(self) -> Any:
        return _serializer(self.annotation)

    def _read_back(self, text: str) -> None:
        """Validate what was encoded, as its readers will do."""
        if not self._is_free:
            self._validator.validate_json(text, strict=True)

    def _outside_text(self, value: Any) -> str:
        if self._is_plain:
            return self._text(value, InvalidInput)
        try:
            text = _to_text(value)
        except RecursionError:
            raise InvalidInput(self._too_deep()) from None
        except (TypeError, ValueError):
            return self._text(self._dumped(value, InvalidInput), InvalidInput)
        return self._storable(text, value, InvalidInput)

    def _dumped(self, value: Any, failure: type[PayloadError]) -> Any:
        try:
            (dumped,) = self._serializer.to_python(
                [value], mode="json", by_alias=True, warnings=False
            )
        except ValueError as error:
            raise failure(self._not_json(value, error)) from None
        return dumped

    def _text(self, plain: Any, failure: type[PayloadError]) -> str:
        try:
            text = _to_text(plain)
        except RecursionError:
            raise failure(self._too_deep()) from None
        except (TypeError, ValueError) as error:
            raise failure(self._not_json(plain, error)) from None
        return self._storable(text, plain, failure)

    def _storable(self, text: str, plain: Any, failure: type[PayloadError]) -> str:
        # These six characters stand for NUL, unless the first is an escaped backslash.
        is_suspect = r"\u0000" in text or not (text.isascii() or _is_encodable(text))
        if is_suspect and why_not_json(plain):
            raise failure(self._not_json(plain))
        if is_too_deep(text):
            raise failure(self._too_deep())
        return text

    def _too_deep(self) -> str:
        return (
            f"{self.subject} is nested deeper than {DEEPEST} levels. Flatten it, or pass it as text"
        )

    def _not_json(self, value: Any, error: Exception | None = None) -> str:
        return f"{self.subject} is not JSON: {why_not_json(value) or error}"

    def _invalid(self, error: ValueError) -> str:
        return f"{self.subject} does not validate: {mismatches(error, self._place)}"

    def _mismatching(self, error: ValueError) -> str:
        wanted = describe(self.annotation)
        return f"{self.subject} does not match its annotation {wanted}: {mismatches(error)}"

    def _unusable(self, error: Exception) -> str:
        return (
            f"{self.subject} is annotated {describe(self.annotation)}, which cannot travel as JSON "
            f"({str(error).splitlines()[0]}). "
            "Use JSON types, a TypedDict, a dataclass or a pydantic model"
        )


def _remembered(make: Callable[[Any], R]) -> Callable[[Any], R]:
    remembering = functools.lru_cache(maxsize=1024)(make)

    def get(annotation: Any) -> R:
        try:
            hash(annotation)
        except TypeError:
            return make(annotation)
        return remembering(annotation)

    return get


@_remembered
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    # Pydantic takes 0.1 s to import: those who only look at a flow's shape do not pay for it.
    from pydantic import TypeAdapter

    adapter = TypeAdapter[Any](digestible(annotation))
    if not adapter.pydantic_complete:
        adapter.rebuild(raise_errors=True)
    return adapter


@_remembered
def _serializer(annotation: Any) -> Any:
    """The serializer of lists with one such value in them.

    Only around a list can pydantic be told to keep NaN, which it turns into null otherwise.
    """
    from pydantic import ConfigDict, TypeAdapter

    one: Any = types.GenericAlias(list, (digestible(annotation),))
    return TypeAdapter[Any](one, config=ConfigDict(ser_json_inf_nan="constants")).serializer


def _is_plain(annotation: Any) -> bool:
    """Whether values of the annotation are plain JSON already, so that there is nothing to dump."""
    origin = get_origin(annotation)
    if origin in (list, dict, Union, types.UnionType):
        return all(map(_is_plain, get_args(annotation)))
    return annotation in (Any, object, None, types.NoneType, bool, int, float, str, list, dict)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def record(fields: Mapping[str, Any]) -> Any:
    """The annotation of a JSON object with these fields, each of which may be missing."""
    make: Any = typing_extensions.TypedDict
    digested = {name: digestible(each) for name, each in fields.items()}
    return make("Record", digested, total=False)

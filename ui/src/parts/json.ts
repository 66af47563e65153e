/** A piece of JSON text and what it is, for colouring. */
export interface Token {
  kind: "key" | "string" | "number" | "word" | "plain";
  text: string;
}

const PIECES = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let last = 0;
  for (const match of text.matchAll(PIECES)) {
    if (match.index > last) found.push({ kind: "plain", text: text.slice(last, match.index) });
    const [whole, quoted, colon, number] = match;
    if (quoted !== undefined) {
      found.push({ kind: colon === undefined ? "string" : "key", text: quoted });
      if (colon !== undefined) found.push({ kind: "plain", text: colon });
    } else found.push({ kind: number === undefined ? "word" : "number", text: whole });
    last = match.index + whole.length;
  }
  if (last < text.length) found.push({ kind: "plain", text: text.slice(last) });
  return found;
}

/** JSON text with line breaks; text that is no JSON (cut, say) stays as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export type Parsed = { value: import("../api/types").Json } | { message: string };

/** Reads what somebody typed; says in a sentence what is wrong. */
export function parse(text: string): Parsed {
  if (text.trim() === "") return { message: "Write a JSON value, such as {} or \"text\"." };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { message: `This is not JSON yet: ${reason}` };
  }
}

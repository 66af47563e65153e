/** Gives back the object of the time before where it says the same: what has not changed is not drawn again. */
export class Keeper<T extends { id: string }> {
  #kept = new Map<string, { text: string; item: T }>();

  keep(items: readonly T[]): T[] {
    const next = new Map<string, { text: string; item: T }>();
    const result = items.map((item) => {
      const text = JSON.stringify(item);
      const old = this.#kept.get(item.id);
      const entry = old?.text === text ? old : { text, item };
      next.set(item.id, entry);
      return entry.item;
    });
    this.#kept = next;
    return result;
  }
}

import { api } from "../../../api/client";
import type { EditCheck, Shape } from "../../../api/types";
import { useShell } from "../../../app/shell";
import { plural } from "../../../parts/formats";

const WORDS: Record<EditCheck["apply"]["action"], string> = {
  nothing: "Nothing to apply",
  create: "Create it in the database",
  update: "Apply the options",
  recreate: "Recreate it …",
  refuse: "Cannot be applied",
};

/** Applies the drawn flow to the database, the way compiling does. */
export function Apply({
  slug,
  shape,
  check,
  onApplied,
}: {
  slug: string;
  shape: Shape;
  check: EditCheck | null;
  onApplied: () => void;
}) {
  const { ask, attempt, say } = useShell();
  const action = check?.apply.action ?? "nothing";
  const isWrong = !check || check.errors.length > 0;

  const apply = async () => {
    if (!check) return;
    const { runs, unfinished, message } = check.apply;
    const loses = action === "recreate";
    const yes = await ask({
      title: loses ? `Recreate ${slug}?` : `Apply to ${slug}?`,
      text: loses
        ? `${message ?? "The structure changes."} ${plural(runs, "run")} of this flow are deleted, ${unfinished} of them not finished.`
        : (message ?? "The database takes over what you drew. Your code is not changed: copy the Python to keep it."),
      action: loses ? "Delete the runs and recreate" : "Apply",
      danger: loses,
    });
    if (!yes) return;
    await attempt(async () => {
      try {
        const done = await api.applyEdit(slug, shape, loses);
        say(done.action === "nothing" ? "The database has this flow already" : `The database has the new ${slug}`);
      } finally {
        onApplied();
      }
    });
  };

  return (
    <button
      type="button"
      className={action === "recreate" ? "button danger" : "button primary"}
      disabled={isWrong || action === "nothing" || action === "refuse"}
      title={check?.apply.message ?? undefined}
      onClick={apply}
    >
      {isWrong && check ? "Mend it first" : WORDS[action]}
    </button>
  );
}

import { Dialog } from "../parts/Dialog";
import { shortcuts } from "./keys";

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {shortcuts().map(({ keys, does }) => (
          <div key={keys + does}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>Close this</dd>
        </div>
      </dl>
      <p className="soft small">In the picture: Tab goes from step to step, Enter opens one, + and − zoom.</p>
    </Dialog>
  );
}

/** A secret that is shown once, with a button that copies it. */

import { useId, useState } from 'react';
import { useText } from '../lib/strings/strings';

export function Secret({ label, value }: { label: string; value: string }) {
  const t = useText();
  const id = useId();
  const [isCopied, setIsCopied] = useState(false);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="secret">
        <input id={id} readOnly value={value} onFocus={({ target }) => target.select()} />
        <button
          type="button"
          className="button"
          onClick={() =>
            void navigator.clipboard?.writeText(value).then(
              () => setIsCopied(true),
              () => undefined,
            )
          }
        >
          <span aria-live="polite">{isCopied ? t.common.copied : t.common.copy}</span>
        </button>
      </div>
    </div>
  );
}

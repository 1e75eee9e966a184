/** The steps of a trip: past, current and next. */

import { useText } from '../lib/strings/strings';

interface Props {
  steps: readonly string[];
  /** Index of the current step. */
  current: number;
}

export function Timeline({ steps, current }: Props) {
  const t = useText();
  return (
    <ol className="timeline" aria-label={t.parcel.progress}>
      {steps.map((step, index) => {
        const place =
          index < current || (index === current && index === steps.length - 1)
            ? 'done'
            : index === current
              ? 'now'
              : 'next';
        return (
          <li key={step} data-place={place} aria-current={index === current ? 'step' : undefined}>
            <span className="timeline-mark" aria-hidden="true">
              {place === 'done' ? (
                <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
                  <path d="m2.5 6.3 2.4 2.4 4.6-5" />
                </svg>
              ) : null}
            </span>
            {step}
          </li>
        );
      })}
    </ol>
  );
}

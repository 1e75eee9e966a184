/** Somebody else changed the thing meanwhile: both values are shown, and the user chooses. */

import { useText } from '../lib/strings/strings';

interface Props {
  /** The fields that differ. */
  differences: { name: string; theirs: string; yours: string }[];
  onKeepTheirs: () => void;
  onKeepYours: () => void;
}

export function Conflict({ differences, onKeepTheirs, onKeepYours }: Props) {
  const t = useText();
  return (
    <div className="conflict" role="alert">
      <h3>{t.common.conflictTitle}</h3>
      <p>{t.common.conflict}</p>
      <table className="conflict-table">
        <thead>
          <tr>
            <td />
            <th scope="col">{t.common.theirs}</th>
            <th scope="col">{t.common.yours}</th>
          </tr>
        </thead>
        <tbody>
          {differences.map(({ name, theirs, yours }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{theirs || '–'}</td>
              <td>{yours || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="form-actions">
        <button type="button" className="button" onClick={onKeepTheirs}>
          {t.common.keepTheirs}
        </button>
        <button type="button" className="button button-primary" onClick={onKeepYours}>
          {t.common.keepYours}
        </button>
      </div>
    </div>
  );
}

/** The fields in which what was entered differs from what the server has. */
export function differencesOf(
  theirs: Record<string, unknown>,
  yours: Record<string, unknown>,
  names: Record<string, string>,
): Props['differences'] {
  return Object.entries(yours)
    .filter(([key, value]) => textOf(value) !== textOf(theirs[key]))
    .map(([key, value]) => ({ name: names[key] ?? key, theirs: textOf(theirs[key]), yours: textOf(value) }));
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : Array.isArray(value) ? value.join(', ') : String(value);
}

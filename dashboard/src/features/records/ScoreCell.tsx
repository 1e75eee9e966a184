/** A score that is typed in place. Saving goes on behind; a conflict shows both values. */

import { type KeyboardEvent, useId, useRef, useState } from 'react';
import { useText } from '../../lib/strings/strings';
import { type Cadet, changeScores, getCadet, type ScoreName } from './api/cadets';
import { saveScore, scoreOf } from './save-score';

interface Props {
  cadetId: number;
  name: ScoreName;
  label: string;
  value: number | null;
  onSaved: (cadet: Cadet) => void;
  /** Enter goes on to the next row. */
  onMove?: (rows: number) => void;
}

type State =
  | { kind: 'calm' }
  | { kind: 'saving' }
  | { kind: 'saved' }
  | { kind: 'failed'; why: string }
  | { kind: 'conflict'; theirs: number | null; yours: number | null };

const SERVER = { read: getCadet, write: changeScores };

export function ScoreCell({ cadetId, name, label, value, onSaved, onMove }: Props) {
  const t = useText();
  const id = useId();
  /** What is typed and not saved; null while the server's value is shown. */
  const [text, setText] = useState<string | null>(null);
  const [state, setState] = useState<State>({ kind: 'calm' });
  /** The value that the user saw when typing began. */
  const base = useRef<number | null>(value);

  async function save(yours: number | null, seen: number | null) {
    setState({ kind: 'saving' });
    try {
      const saved = await saveScore(SERVER, cadetId, name, seen, yours);
      if (saved.kind === 'conflict') return setState({ kind: 'conflict', theirs: saved.theirs, yours });
      onSaved(saved.cadet);
      setText(null);
      setState({ kind: 'saved' });
    } catch (error) {
      setState({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
    }
  }

  function commit() {
    if (text === null || state.kind === 'conflict') return;
    const entered = scoreOf(text);
    if (entered === undefined) return setState({ kind: 'failed', why: t.records.range });
    if (entered === value) {
      setText(null);
      return setState({ kind: 'calm' });
    }
    void save(entered, base.current);
  }

  function onKey(event: KeyboardEvent<HTMLInputElement>) {
    const rows = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (rows !== undefined) {
      event.preventDefault();
      commit();
      onMove?.(rows);
    } else if (event.key === 'Escape') {
      setText(null);
      setState({ kind: 'calm' });
    }
  }

  return (
    <span className="score" data-state={state.kind}>
      <input
        inputMode="decimal"
        aria-label={label}
        aria-describedby={state.kind === 'calm' ? undefined : id}
        aria-invalid={state.kind === 'failed' || state.kind === 'conflict' ? true : undefined}
        data-score={name}
        value={text ?? (value === null ? '' : String(value))}
        onFocus={({ target }) => target.select()}
        onChange={({ target }) => {
          if (text === null) base.current = value;
          setText(target.value);
          if (state.kind !== 'conflict') setState({ kind: 'calm' });
        }}
        onBlur={commit}
        onKeyDown={onKey}
      />
      <span id={id} className="score-note" aria-live="polite">
        {state.kind === 'saving' ? t.common.saving : null}
        {state.kind === 'saved' ? t.records.saved : null}
        {state.kind === 'failed' ? t.records.failed(state.why) : null}
      </span>
      {state.kind === 'conflict' ? (
        <span className="score-conflict" role="alert">
          <strong>{t.common.conflictTitle}</strong>
          <span>
            {t.common.theirs}: <b>{state.theirs ?? '–'}</b>
          </span>
          <span>
            {t.common.yours}: <b>{state.yours ?? '–'}</b>
          </span>
          <button
            type="button"
            className="button button-small"
            onClick={() => {
              setText(null);
              setState({ kind: 'calm' });
            }}
          >
            {t.common.keepTheirs}
          </button>
          <button type="button" className="button button-small" onClick={() => void save(state.yours, state.theirs)}>
            {t.common.keepYours}
          </button>
        </span>
      ) : null}
    </span>
  );
}

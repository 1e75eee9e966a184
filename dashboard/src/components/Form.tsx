/** A form whose answer comes from the server: it shows which field was refused, and why. */

import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiError } from '../lib/api/request';
import { useText } from '../lib/strings/strings';

interface Props {
  /** Sends what was entered. What it throws is shown. */
  onSubmit: (data: FormData) => Promise<void>;
  onCancel?: () => void;
  action?: string;
  /** What is wrong with a field, by its name. */
  children: (errors: Record<string, string>) => ReactNode;
}

export function Form({ onSubmit, onCancel, action, children }: Props) {
  const t = useText();
  const [isBusy, setIsBusy] = useState(false);
  const [failure, setFailure] = useState<Error | null>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setIsBusy(true);
    setFailure(null);
    try {
      await onSubmit(new FormData(event.currentTarget));
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
    } finally {
      setIsBusy(false);
    }
  }

  const fields = failure instanceof ApiError ? failure.fields : {};
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      {children(fields)}
      {failure ? (
        <p className="form-error" role="alert">
          {failure.message}
          {Object.entries(fields).map(([field, message]) => (
            <span key={field}>
              {' '}
              {field}: {message}.
            </span>
          ))}
        </p>
      ) : null}
      <div className="form-actions">
        {onCancel ? (
          <button type="button" className="button" onClick={onCancel}>
            {t.common.cancel}
          </button>
        ) : null}
        <button type="submit" className="button button-primary" disabled={isBusy}>
          {isBusy ? t.common.saving : (action ?? t.common.save)}
        </button>
      </div>
    </form>
  );
}

/** The text of a field; null if it was left empty. */
export function textOf(data: FormData, name: string): string | null {
  const value = String(data.get(name) ?? '').trim();
  return value === '' ? null : value;
}

/** The number of a field; null if it was left empty. A comma is a decimal sign too. */
export function numberOf(data: FormData, name: string): number | null {
  const text = textOf(data, name);
  if (text === null) return null;
  const value = Number(text.replace(',', '.'));
  return Number.isFinite(value) ? value : null;
}

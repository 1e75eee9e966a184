/** A labelled control of a form, with a hint and what is wrong. */

import { type ComponentProps, type ReactNode, useId } from 'react';

interface FieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | null | undefined;
}

type InputProps = FieldProps & Omit<ComponentProps<'input'>, 'id'>;

export function Field({ label, hint, error, ...input }: InputProps) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = error ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input {...input} id={id} aria-invalid={error ? true : undefined} aria-describedby={note ? noteId : undefined} />
      <Note id={noteId} text={note} isError={Boolean(error)} />
    </div>
  );
}

type SelectProps = FieldProps & Omit<ComponentProps<'select'>, 'id'> & { children: ReactNode };

export function Choice({ label, hint, error, children, ...select }: SelectProps) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = error ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select {...select} id={id} aria-describedby={note ? noteId : undefined}>
        {children}
      </select>
      <Note id={noteId} text={note} isError={Boolean(error)} />
    </div>
  );
}

type TickProps = { label: string } & Omit<ComponentProps<'input'>, 'type'>;

export function Tick({ label, ...input }: TickProps) {
  return (
    <label className="tick">
      <input {...input} type="checkbox" />
      {label}
    </label>
  );
}

function Note({ id, text, isError }: { id: string; text: string | null | undefined; isError: boolean }) {
  if (!text) return null;
  return (
    <p id={id} className={isError ? 'field-note field-error' : 'field-note'}>
      {text}
    </p>
  );
}

// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { renderWith } from '../testing/render';
import { Toasts, useToasts } from './Toasts';

function Page() {
  const { toasts, show, dismiss } = useToasts();
  return (
    <>
      {['one', 'two', 'three', 'four'].map((text) => (
        <button key={text} type="button" onClick={() => show(text)}>
          {`show ${text}`}
        </button>
      ))}
      <Toasts toasts={toasts} onDismiss={dismiss} />
    </>
  );
}

it('shows the newest three messages, each once, until they are dismissed', () => {
  renderWith({}, <Page />);
  for (const text of ['one', 'two', 'three', 'four', 'four']) fireEvent.click(screen.getByText(`show ${text}`));
  const shown = () => [...screen.getByRole('log').children].map((toast) => toast.textContent);
  expect(shown()).toEqual(['two', 'three', 'four']);
  fireEvent.click(screen.getAllByRole('button', { name: 'Put away' })[0]!);
  expect(shown()).toEqual(['three', 'four']);
});

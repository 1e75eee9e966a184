/** A window above the page. The browser's own dialog keeps the focus inside, and Escape closes it. */

import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useText } from '../lib/strings/strings';
import { Icon } from './Icon';

interface Props {
  title: string;
  onClose: () => void;
  /** Wider than a form. */
  isWide?: boolean;
  /** A window that holds something that is shown only once is not closed by Escape. */
  mustAnswer?: boolean;
  children: ReactNode;
}

export function Modal({ title, onClose, isWide = false, mustAnswer = false, children }: Props) {
  const t = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    if (!element || element.open) return;
    const before = document.activeElement;
    element.showModal();
    return () => {
      element.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="modal"
      data-wide={isWide}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        if (!mustAnswer) onClose();
      }}
    >
      <header className="modal-head">
        <h2 id={titleId}>{title}</h2>
        {mustAnswer ? null : (
          <button type="button" className="icon-button" aria-label={t.common.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </header>
      <div className="modal-body">{children}</div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  isBusy: boolean;
  error?: string | null;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something is removed. */
export function Confirm({ title, text, action, isBusy, error, onConfirm, onClose }: ConfirmProps) {
  const t = useText();
  return (
    <Modal title={title} onClose={onClose}>
      <p className="modal-text">{text}</p>
      {error ? (
        <p className="form-error" role="alert">
          {error}
        </p>
      ) : null}
      <div className="form-actions">
        <button type="button" className="button" onClick={onClose}>
          {t.common.cancel}
        </button>
        <button type="button" className="button button-danger" disabled={isBusy} onClick={onConfirm}>
          {action}
        </button>
      </div>
    </Modal>
  );
}

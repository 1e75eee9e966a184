/** Short messages that disappear by themselves. A screen reader reads them, and the user can close them. */

import { useCallback, useEffect, useRef, useState } from 'react';
import { useText } from '../lib/strings/strings';

export type ToastTone = 'plain' | 'good' | 'bad';

interface Toast {
  id: number;
  text: string;
  tone: ToastTone;
}

const SHOWN_FOR_MS = 7_000;
/** More would cover the page. The oldest is removed. */
const MAX_TOASTS = 3;

export function useToasts() {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const nextId = useRef(1);
  const timers = useRef(new Set<number>());
  useEffect(() => () => timers.current.forEach((timer) => window.clearTimeout(timer)), []);

  const dismiss = useCallback((id: number) => setToasts((now) => now.filter((toast) => toast.id !== id)), []);
  const show = useCallback(
    (text: string, tone: ToastTone = 'plain') => {
      const id = nextId.current++;
      setToasts((now) => [...now.filter((toast) => toast.text !== text), { id, text, tone }].slice(-MAX_TOASTS));
      const timer = window.setTimeout(() => {
        timers.current.delete(timer);
        dismiss(id);
      }, SHOWN_FOR_MS);
      timers.current.add(timer);
    },
    [dismiss],
  );
  return { toasts, show, dismiss };
}

export function Toasts({ toasts, onDismiss }: { toasts: Toast[]; onDismiss: (id: number) => void }) {
  const t = useText();
  return (
    <div className="toasts" role="log" aria-live="polite" aria-label={t.parcel.news}>
      {toasts.map(({ id, text, tone }) => (
        <p key={id} className="toast" data-tone={tone}>
          {text}
          <button type="button" className="toast-close" aria-label={t.parcel.putAway} onClick={() => onDismiss(id)}>
            <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
              <path d="m4 4 8 8m0-8-8 8" />
            </svg>
          </button>
        </p>
      ))}
    </div>
  );
}

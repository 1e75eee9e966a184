/** A page that has nothing to show except the reason. */

import type { ReactNode } from 'react';
import { Brand } from './Brand';

export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="login">
      <div className="login-road" aria-hidden="true" />
      <section className="login-card notice" role="alert">
        <Brand />
        <h1>{title}</h1>
        <p className="notice-text">{children}</p>
      </section>
    </main>
  );
}

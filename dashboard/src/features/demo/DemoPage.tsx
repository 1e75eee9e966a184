/** The demo's organisations, each opened with one click. The demo prints this page's address with the password behind the #. */

import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Brand } from '../../components/Brand';
import { Field } from '../../components/Field';
import { useTitle } from '../../components/Page';
import { request, withJson } from '../../lib/api/request';
import { useText } from '../../lib/strings/strings';

export function DemoPage() {
  const t = useText();
  useTitle(t.demo.title);
  const [password, setPassword] = useState(() => decodeURIComponent(window.location.hash.slice(1)));
  const open = useMutation({
    mutationFn: ({ username, tenant }: { username: string; tenant: string }) =>
      request('/auth/login', withJson('POST', { username, password, tenant })),
    onSuccess: () => window.location.assign('/'),
  });
  return (
    <main className="demo">
      <header>
        <Brand />
        <h1>{t.demo.title}</h1>
        <p>{t.demo.lead}</p>
      </header>
      {window.location.hash.length > 1 ? null : (
        <Field
          label={t.demo.password}
          hint={t.demo.needPassword}
          value={password}
          autoComplete="off"
          onChange={({ target }) => setPassword(target.value)}
        />
      )}
      <ul>
        {Object.entries(t.demo.tenants).map(([tenant, [name, text]]) => (
          <li key={tenant}>
            <h2>{name}</h2>
            <p>{text}</p>
            <button
              type="button"
              className="button button-primary"
              disabled={password === '' || open.isPending}
              onClick={() => open.mutate({ username: tenant, tenant })}
            >
              {open.isPending && open.variables.username === tenant ? t.demo.opening : t.demo.open}
              <span className="visually-hidden">: {name}</span>
            </button>
            {(t.demo.people[tenant] ?? []).map(([username, who]) => (
              <button
                key={username}
                type="button"
                className="button button-small demo-person"
                disabled={password === '' || open.isPending}
                onClick={() => open.mutate({ username, tenant })}
              >
                <span className="visually-hidden">
                  {name}: {t.demo.orAs}{' '}
                </span>
                {who}
              </button>
            ))}
          </li>
        ))}
      </ul>
      {open.error ? (
        <p className="form-error" role="alert">
          {open.error.message} {t.demo.away}
        </p>
      ) : null}
      <p className="demo-note">{t.demo.customer}</p>
    </main>
  );
}

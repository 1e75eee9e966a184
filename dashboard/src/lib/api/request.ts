/** Sends requests to the server. Their types come from the server's OpenAPI document. */

import type { paths } from '@milepost/client/rest';
import { presentText } from '../strings/strings';
import { setServerClock } from '../time/server-clock';
import { setFactorDue } from './factor-due';

/** A refusal by the server, with a text for people. Status 0 means that the server can't be reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfterSeconds: number | null = null,
    /** What is wrong with single fields, by their names. */
    readonly fields: Record<string, string> = {},
  ) {
    super(message);
  }
}

export async function request(address: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { credentials: 'same-origin', ...init });
  } catch {
    throw new ApiError(0, presentText().login.unreachable);
  }
  setServerClock(response.headers.get('Date'));
  if (response.ok) return response;
  const problem: unknown = await response.json().catch(() => null);
  const { detail, errors, second_factor } = Object(problem) as Record<string, unknown>;
  if (response.status === 403 && second_factor !== undefined) setFactorDue(true);
  const retryAfter = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  throw new ApiError(
    response.status,
    typeof detail === 'string' ? detail : presentText().login.answered(response.status),
    Number.isNaN(retryAfter) ? null : retryAfter,
    fieldsOf(errors),
  );
}

function fieldsOf(errors: unknown): Record<string, string> {
  const entries = Array.isArray(errors) ? errors : [];
  return Object.fromEntries(
    entries.map((entry) => {
      const { field, message } = Object(entry) as { field?: unknown; message?: unknown };
      return [String(field), String(message)];
    }),
  );
}

/** The REST API's paths that have the method. */
type PathWith<Method extends string> = {
  [Path in keyof paths]: paths[Path] extends Record<Method, unknown> ? Path : never;
}[keyof paths];
/** Values for the parameters in a path, and for its query. */
type RequestValues = Record<'path' | 'query', Record<string, string | number | undefined>>;
type Operation<Path extends keyof paths, Method extends string> =
  paths[Path] extends Record<Method, infer Found> ? Found : never;
type Json = { content: { 'application/json': unknown } };
type JsonOf<Part> = Part extends Json ? Part['content']['application/json'] : never;
type ParametersOf<Of> = Of extends { parameters: infer Found }
  ? Pick<Found, Extract<keyof Found, keyof RequestValues>>
  : never;
type AnswerOf<Of> = Of extends { responses: { 200: infer Found } }
  ? JsonOf<Found>
  : Of extends { responses: { 201: infer Found } }
    ? JsonOf<Found>
    : Of extends { responses: { 202: infer Found } }
      ? JsonOf<Found>
      : undefined;
type BodyOf<Of> = Of extends { requestBody: infer Found }
  ? JsonOf<Found>
  : Of extends { requestBody?: infer Found }
    ? JsonOf<NonNullable<Found>> | undefined
    : undefined;

export async function getJson<Path extends PathWith<'get'>>(
  path: Path,
  parameters: ParametersOf<Operation<Path, 'get'>>,
): Promise<AnswerOf<Operation<Path, 'get'>>> {
  return (await request(addressOf(path, parameters))).json();
}

/** An answer with the version that it shows, for `If-Match`. */
export interface Versioned<Answer> {
  value: Answer;
  etag: string | null;
}

export async function getVersioned<Path extends PathWith<'get'>>(
  path: Path,
  parameters: ParametersOf<Operation<Path, 'get'>>,
): Promise<Versioned<AnswerOf<Operation<Path, 'get'>>>> {
  const response = await request(addressOf(path, parameters));
  return { value: await response.json(), etag: response.headers.get('ETag') };
}

/** `etag` is the version that the change was made from; without one it applies to whatever there is. */
export async function patchJson<Path extends PathWith<'patch'>>(
  path: Path,
  parameters: ParametersOf<Operation<Path, 'patch'>>,
  body: BodyOf<Operation<Path, 'patch'>>,
  etag: string | null = null,
): Promise<AnswerOf<Operation<Path, 'patch'>>> {
  return (await request(addressOf(path, parameters), withVersion(withJson('PATCH', body), etag))).json();
}

export async function putJson<Path extends PathWith<'put'>>(
  path: Path,
  parameters: ParametersOf<Operation<Path, 'put'>>,
  body: BodyOf<Operation<Path, 'put'>>,
  etag: string | null = null,
): Promise<AnswerOf<Operation<Path, 'put'>>> {
  return (await request(addressOf(path, parameters), withVersion(withJson('PUT', body), etag))).json();
}

export async function postJson<Path extends PathWith<'post'>>(
  path: Path,
  parameters: ParametersOf<Operation<Path, 'post'>>,
  body: BodyOf<Operation<Path, 'post'>>,
): Promise<AnswerOf<Operation<Path, 'post'>>> {
  const init = body === undefined ? { method: 'POST' } : withJson('POST', body);
  const response = await request(addressOf(path, parameters), init);
  return response.status === 204 ? (undefined as never) : response.json();
}

export async function deleteAt<Path extends PathWith<'delete'>>(
  path: Path,
  parameters: ParametersOf<Operation<Path, 'delete'>>,
  etag: string | null = null,
): Promise<void> {
  await request(addressOf(path, parameters), withVersion({ method: 'DELETE' }, etag));
}

function withVersion(init: RequestInit, etag: string | null): RequestInit {
  return etag === null ? init : { ...init, headers: { ...init.headers, 'If-Match': etag } };
}

export function withJson(method: string, body: unknown): RequestInit {
  return { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

function addressOf(path: string, parameters: object): string {
  const { path: names = {}, query = {} } = parameters as Partial<RequestValues>;
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? address : `${address}?${search}`;
}

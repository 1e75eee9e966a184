/** Sends requests to the server. Their types come from the server's OpenAPI document. */

import type { paths } from '@milepost/client/rest';
import { setServerClock } from '../time/server-clock';

/** A refusal by the server, with a text for people. Status 0 means that the server can't be reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }
}

export async function request(address: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { credentials: 'same-origin', ...init });
  } catch {
    throw new ApiError(0, 'The server can’t be reached. Check the connection and try again.');
  }
  setServerClock(response.headers.get('Date'));
  if (response.ok) return response;
  const problem: unknown = await response.json().catch(() => null);
  const { detail } = Object(problem) as { detail?: unknown };
  const retryAfter = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  throw new ApiError(
    response.status,
    typeof detail === 'string' ? detail : `The server answered ${response.status}.`,
    Number.isNaN(retryAfter) ? null : retryAfter,
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
type ParametersOf<Of> = Of extends { parameters: infer Found extends Partial<RequestValues> } ? Found : never;
type AnswerOf<Of> = Of extends { responses: { 200: infer Found } } ? JsonOf<Found> : never;
type BodyOf<Of> = Of extends { requestBody: infer Found } ? JsonOf<Found> : never;

export async function getJson<Path extends PathWith<'get'>>(
  path: Path,
  parameters: ParametersOf<Operation<Path, 'get'>>,
): Promise<AnswerOf<Operation<Path, 'get'>>> {
  return (await request(addressOf(path, parameters))).json();
}

export async function patchJson<Path extends PathWith<'patch'>>(
  path: Path,
  parameters: ParametersOf<Operation<Path, 'patch'>>,
  body: BodyOf<Operation<Path, 'patch'>>,
): Promise<AnswerOf<Operation<Path, 'patch'>>> {
  return (await request(addressOf(path, parameters), withJson('PATCH', body))).json();
}

export function withJson(method: string, body: unknown): RequestInit {
  return { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

function addressOf(path: string, { path: names = {}, query = {} }: Partial<RequestValues>): string {
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? address : `${address}?${search}`;
}

import { expect, it } from 'vitest';
import { en } from './en';
import { id } from './id';

/** Every text with its address, functions called with the same values. */
function texts(node: unknown, path = ''): [string, string][] {
  if (typeof node === 'string') return [[path, node]];
  if (typeof node === 'function') return texts((node as (...values: unknown[]) => unknown)(7, 7, 'x'), path);
  return Object.entries(Object(node)).flatMap(([key, value]) => texts(value, `${path}.${key}`));
}

it('has_a_text_for_each_of_the_others_and_none_that_is_empty', () => {
  const english = new Map(texts(en));
  const indonesian = new Map(texts(id));
  expect([...indonesian.keys()]).toEqual([...english.keys()]);
  const empty = [...indonesian].filter(([path, text]) => text === '' && english.get(path) !== '');
  expect(empty).toEqual([]);
});

import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { describe, expect, it } from 'vitest';
import { canRun, Milepost } from '../../testing/milepost.js';

const HEADER = "// Made of the server's OpenAPI document by `make types`; not written by hand.\n\n";

/** All refusals have the same type. Written out for each path they would fill most of the file. */
function withoutRefusals(document: OpenAPI3): OpenAPI3 {
  for (const path of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(path)) {
      for (const status of Object.keys(operation.responses ?? {})) {
        if (Number(status) >= 300) delete operation.responses[status];
      }
    }
  }
  return document;
}

/** Lines such as `put?: never;`, which only say that a property does not exist. */
const ABSENT = /^ +\w+\?: never;\n/gm;

describe.skipIf(!canRun)('the types of the REST API', () => {
  it("are those of the server's document; if not, run `make types`", async () => {
    const milepost = await Milepost.start();
    try {
      const response = await fetch(`${milepost.url}/api/v1/openapi.json`);
      const document = withoutRefusals((await response.json()) as OpenAPI3);
      const types = astToString(await openapiTS(document, { defaultNonNullable: false }));
      await expect(HEADER + types.replace(ABSENT, '')).toMatchFileSnapshot('../src/rest/schema.ts');
    } finally {
      await milepost.remove();
    }
  });
});

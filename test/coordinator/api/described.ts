/** Whether the server's answers are what /api/openapi.json says of them. */
import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';

interface Content {
  readonly content: { readonly 'application/json': { readonly schema: object } };
}

export interface Described {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: { readonly type?: string } }[];
  readonly requestBody?: Content;
  readonly responses: { readonly 200: Content };
}

export interface OpenApi {
  readonly openapi: string;
  readonly paths: { readonly [path: string]: { readonly [method: string]: Described } };
  readonly components: { readonly schemas: { readonly [name: string]: object } };
}

/** Asks for a path below /api/v1, and fails where the answer is not as described. */
export function answersAsDescribed(app: FastifyInstance, document: OpenApi, token: string): <Answer>(url: string) => Promise<Answer> {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema({ $id: 'openapi', components: document.components });
  return async <Answer>(url: string): Promise<Answer> => {
    const answer = await app.inject({ url: `/api/v1${url}`, headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.statusCode, 200, `${url}: ${answer.body}`);
    const path = url.split('?')[0] ?? '';
    const described = Object.entries(document.paths).find(([template, methods]) => methods.get !== undefined && new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path));
    assert.ok(described?.[1].get !== undefined, `${url} is not described`);
    const schema = JSON.parse(JSON.stringify(described[1].get.responses[200].content['application/json'].schema).replaceAll('"#/components', '"openapi#/components')) as object;
    const body = answer.json<Answer>();
    assert.ok(ajv.validate(schema, body), `${url}: ${ajv.errorsText()}`);
    return body;
  };
}

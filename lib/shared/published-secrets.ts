import { secretId } from './key-id.js';

/**
 * Ids of secrets that anybody can read in documentation, tutorials and defaults, long and random enough to pass for good ones.
 * Ids, so that this package does not publish them once more.
 */
const PUBLISHED: ReadonlySet<string> = new Set([
  // The secrets of jwt.io for HS256, HS384, HS512
  ...['E3JSVu0ql_Cp', 'f5VE0c5BNbB7', 'o0Ld0ZmlrG7i'],
  // RFC 7515 appendix A.1; RFC 7520 section 3.5
  ...['TEMA6pT2sjbb', 'Xqc_fQ7ntx6O'],
  // Wycheproof: json_web_signature_test.json, json_web_key_test.json
  ...['IEswKVeuzO3u', 'juPNE8KeA7Tj'],
  // Tutorials of Spring Security; of the first four also what their text is in hex and in base64
  ...['TSIUBwtMoo1P', 'E7MXxaa9DH4B', 'P8erQK6CayxT'],
  ...['GM6pJE0lWlLu', 'm1aQXLYMYo8X', 'wUn_kyORGujV'],
  ...['fyB_97pGvYBt', 'S0WoxTh5oo4O', 'yCl2o3mOXG6A'],
  ...['3VKZAb_SFMqp', 'SEi3K3Px67z6', 'GAX791AZzDBL'],
  ...['o-gQ8mb4XqpB', 'TBNEUkM-XwIX'],
  // Documentation of FastAPI and of Flask: as text, in hex, in base64
  ...['8JvmWe5TvajR', 'VJGIAGJGpNan', '9jDGFDiHw3py'],
  ...['mig1MD1shqbB', 'jhPblQTosp-b', '8WA_9E2_pkbk'],
  // Documentation of Hasura, PostgREST and Directus
  ...['4TGUf64udg8I', 'NHri6QeIVGT1', 'i9Gyaq36rz3V', '_eI2DHJf195Y', 'Je9AAHKzoJtM'],
  // Tutorials of ASP.NET Core and of Node.js
  ...['2vqQX-a-2tCm', 'DafMFAwX1BeM', '2YWyvdj79UoG', 'cc4Lp82kWCMv', 'h1c09ElulVJ1'],
  // Nacos's default until 2.2.0: as text, in base64
  ...['9boYre6_70Ov', '3Ab39R4OZpwZ'],
]);

/** Tells whether a secret is one that documentation, tutorials or defaults publish. */
export function isPublished(secret: Buffer): boolean {
  return PUBLISHED.has(secretId(secret));
}

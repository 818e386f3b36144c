import { expect } from 'chai';
import { isPublished } from '../../lib/shared/published-secrets.js';
import { weakness } from '../../lib/shared/weak-secret.js';
import { newSecret } from '../support/keys.js';

// V18. Each as its source prints it; none of them is a secret.
const TEXTS: readonly (readonly [string, string])[] = [
  ['jwt.io, HS256', 'a-string-secret-at-least-256-bits-long'],
  ['jwt.io, HS384', 'a-valid-string-secret-that-is-at-least-384-bits-long'],
  ['jwt.io, HS512', 'a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long'],
  ['Spring tutorials, 1', '404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970'],
  ['Spring tutorials, 2', '413F4428472B4B6250655368566D5970337336763979244226452948404D6351'],
  ['Spring tutorials, 3', '5367566B59703373367639792F423F4528482B4D6251655468576D5A71347437'],
  ['Spring tutorials, 4', '3cfa76ef14937c1c0ea519f8fc057a80fcd04a7420f8e8bcd0a7567c272e007b'],
  ['Spring tutorials, 5', '======================BezKoder=Spring==========================='],
  ['Spring tutorials, 6', 'my-32-character-ultra-secure-and-ultra-long-secret'],
  ['FastAPI', '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7'],
  ['Flask', '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf'],
  ['Hasura', '3EK6FD+o0+c7tzBNVfjpMkNDi2yARAAKzQlk8O2IKoxQu4nF7EdAh8s3TwpHwrdWT6R'],
  ['PostgREST', 'reallyreallyreallyreallyverysafe'],
  ['Directus, KEY', '255d861b-5ea1-5996-9aa3-922530ec40b1'],
  ['Directus, SECRET', '6116487b-cda1-52c2-b5b5-c8022c45e263'],
  [
    'Node.js and ASP.NET tutorials',
    'THIS IS USED TO SIGN AND VERIFY JWT TOKENS, REPLACE IT WITH YOUR OWN SECRET, IT CAN BE ANY STRING',
  ],
  ['ASP.NET tutorials, 1', 'ByYM000OLlMQG6VVVp1OH7Xzyr7gHuw1qvUC5dcGt3SNM'],
  ['ASP.NET tutorials, 2', 'ijurkbdlhmklqacwqzdxmkkhvqowlyqa'],
  ['ASP.NET tutorials, 3', 'DhftOS5uphK3vmCJQrexST1RsyjZBjXWRgJMFPU4'],
  ['Nacos', 'SecretKey012345678901234567890123456789012345678901234567890123456789'],
];
const BYTES: readonly (readonly [string, string])[] = [
  ['RFC 7515, A.1', 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow'],
  ['RFC 7520, 3.5', 'hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg'],
  ['Wycheproof', '-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE'],
  ['Wycheproof, the other', '-xxuDNsVZ2iJtos-akfXTSCt4UO2cruLCsbWlBingge'],
];

describe('isPublished', () => {
  for (const [name, text] of TEXTS) {
    it(`knows the secret of ${name}`, () => {
      expect(isPublished(Buffer.from(text))).to.equal(true);
      expect(weakness(Buffer.from(text), 32)).to.match(/^is (?:published|a placeholder)/);
      // Also as the bytes of which the text is the hex or base64, which is what most of these programs make of it.
      const decoded = [Buffer.from(text, /^[0-9a-f]+$/i.test(text) ? 'hex' : 'base64'), Buffer.from(text, 'base64')];
      const usable = /^[\w+/]+$/.test(text) ? decoded.filter(({ length }) => length >= 32) : [];
      expect(usable.every(isPublished)).to.equal(true);
      expect(isPublished(Buffer.from(`${text}.`)), 'its twin').to.equal(false);
    });
  }

  for (const [name, text] of BYTES) {
    it(`knows the secret of ${name}, as bytes and as text`, () => {
      const bytes = Buffer.from(text, 'base64url');
      expect(isPublished(bytes)).to.equal(true);
      for (const form of [bytes, text, bytes.toString('base64'), bytes.toString('hex')]) {
        expect(weakness(Buffer.from(form as string), 32)).to.match(/^is published/);
      }
      bytes[0] = bytes.readUInt8(0) ^ 1;
      expect(weakness(bytes, 32), 'its twin').to.equal(undefined);
    });
  }

  it('knows no random secret', () => {
    expect(isPublished(Buffer.from(newSecret()))).to.equal(false);
  });
});

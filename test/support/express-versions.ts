import express5 from 'express';
import express4 from 'express4';

/** The versions of Express that the package supports: `for (const { name, express } of EXPRESS_VERSIONS)`. */
export const EXPRESS_VERSIONS: readonly { readonly name: string; readonly express: typeof express5 }[] = [
  { name: 'Express 4', express: express4 },
  { name: 'Express 5', express: express5 },
];

/** Express 4 for the tests: an npm alias, which has no types of its own. What the tests use is the same in both. */
declare module 'express4' {
  export { default } from 'express';
}

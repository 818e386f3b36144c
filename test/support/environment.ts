import { SETTING_NAMES } from '../../lib/shared/settings.js';

/** Variables by which a developer's environment could change what the tests and the examples see. */
export const FOREIGN_SETTINGS: readonly string[] = [
  ...SETTING_NAMES,
  'NODE_ENV',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
];

import { parseConfigDocument } from './config-document.js';
import type { ConfigProblem } from './config-problem.js';
import { type Generation, openGeneration } from './generation.js';
import { openSources, type SourceTools } from './open-sources.js';
import { readGatewayConfig } from './read-gateway-config.js';
import type { ConfigPlace } from './read-places.js';

/** What became of a text: a generation, or all that is wrong with it. */
export type Loaded =
  | { readonly generation: Generation; readonly problems?: undefined }
  | { readonly generation?: undefined; readonly problems: readonly ConfigProblem[] };

/**
 * Makes of a configuration's text what it describes. All mistakes are told at once, those in files that it names too.
 *
 * @param text - YAML or JSON
 * @param place - where it stands, and in which format
 */
export function loadGeneration(
  text: string,
  place: ConfigPlace & { readonly format: 'YAML' | 'JSON' },
  tools: SourceTools,
): Loaded {
  const document = parseConfigDocument(text, place.format);
  if (document.problems().length > 0) return { problems: document.problems() };
  const config = readGatewayConfig(document.root, place);
  if (document.problems().length === 0) {
    const generation = openGeneration(config, tools);
    if (generation !== undefined) return { generation };
  } else if (document.root.isMap()) {
    // For what may be wrong there too.
    openSources(config, tools)?.release();
  }
  return { problems: document.problems() };
}

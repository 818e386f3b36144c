/**
 * The command that mints a token anew, in quotes.
 *
 * @param service - whose token it is, where that is known
 */
export function generateCommand(service: string | undefined): string {
  return service === undefined ? "'service-auth generate'" : `'service-auth generate ${service}'`;
}

/** The head of a request finds no room in what the protocol, or the server that speaks it, takes. */
export class RequestTooLarge extends Error {}

/** Whether new requests should be sent here. Decided from what the gateway knows itself, so asking costs nothing. */

export interface ServingState {
  /** The server was told to stop. */
  readonly isStopping: boolean;
  readonly applications: readonly {
    readonly name: string;
    /** Workers that get requests, and those that there should be. */
    readonly active: number;
    readonly wanted: number;
    /** Why no worker can be had; null while there are some or they are starting. */
    readonly unavailable: string | null;
  }[];
}

/** Null: ready. Otherwise why not. One worker may be away, as while it is replaced, but not the last one. */
export function whyNotReady({ isStopping, applications }: ServingState): string | null {
  if (isStopping) return 'the server is stopping';
  for (const { name, active, wanted, unavailable } of applications) {
    const whose = applications.length === 1 ? '' : `${name}: `;
    if (unavailable !== null && active === 0) return `${whose}no worker can be started: ${unavailable}`;
    const needed = Math.max(Math.min(wanted, 1), wanted - 1);
    if (active < needed) return `${whose}${active} of ${wanted} workers are ready, ${needed} are needed`;
  }
  return null;
}

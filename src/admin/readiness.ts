/** Whether new requests should be sent here. Decided from what the gateway knows itself, so asking costs nothing. */

export interface ServingState {
  /** The server was told to stop. */
  readonly isStopping: boolean;
  /** Null for a site of static files only. */
  readonly application: {
    /** Workers that get requests, and those that there should be. */
    readonly active: number;
    readonly wanted: number;
    /** Why no worker can be had; null while there are some or they are starting. */
    readonly unavailable: string | null;
  } | null;
}

/** Null: ready. Otherwise why not. One worker may be away, as while it is replaced, but not the last one. */
export function whyNotReady({ isStopping, application }: ServingState): string | null {
  if (isStopping) return 'the server is stopping';
  if (application === null) return null;
  const { active, wanted, unavailable } = application;
  if (unavailable !== null && active === 0) return `no worker can be started: ${unavailable}`;
  const needed = Math.max(Math.min(wanted, 1), wanted - 1);
  return active >= needed ? null : `${active} of ${wanted} workers are ready, ${needed} are needed`;
}

/** Why a stream or a connection is ended (RFC 9113, section 7): those that we say. */
export const NO_ERROR = 0x0;
export const INTERNAL_ERROR = 0x2;
export const CANCEL = 0x8;
export const ENHANCE_YOUR_CALM = 0xb;

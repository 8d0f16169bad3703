/** The compression of RFC 7692, with the options of `ws`. */
export interface PerMessageDeflateOptions {
  serverNoContextTakeover?: boolean | undefined;
  clientNoContextTakeover?: boolean | undefined;
  serverMaxWindowBits?: number | boolean | undefined;
  clientMaxWindowBits?: number | boolean | undefined;
  threshold?: number | undefined;
  concurrencyLimit?: number | undefined;
  zlibDeflateOptions?: object | undefined;
  zlibInflateOptions?: object | undefined;
}

/**
 * Upgrade requests as browsers send them, as Node's rawHeaders: name, value, name, value, …
 * @type {Record<string, string[]>}
 */
export const REQUESTS = {
  Chrome: [
    ...['Host', 'app.example.com'],
    ...['Connection', 'Upgrade'],
    ...['Pragma', 'no-cache'],
    ...['Cache-Control', 'no-cache'],
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
    ...['Upgrade', 'websocket'],
    ...['Origin', 'https://app.example.com'],
    ...['Sec-WebSocket-Version', '13'],
    ...['Accept-Encoding', 'gzip, deflate, br, zstd'],
    ...['Accept-Language', 'en-US,en;q=0.9'],
    ...['Cookie', 'session=4f1c0a9e6b7d4c3a8e2f5b6c7d8e9f0a; theme=dark; consent=1'],
    ...['Sec-WebSocket-Key', 'x3JJHMbDL1EzLkh9GBhXDw=='],
    ...['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
    ...['Sec-WebSocket-Protocol', 'chat.v2, chat.v1'],
  ],
  Firefox: [
    ...['Host', 'app.example.com'],
    ...['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'],
    ...['Accept', '*/*'],
    ...['Accept-Language', 'en-US,en;q=0.5'],
    ...['Accept-Encoding', 'gzip, deflate, br, zstd'],
    ...['Sec-WebSocket-Version', '13'],
    ...['Origin', 'https://app.example.com'],
    ...['Sec-WebSocket-Protocol', 'chat.v2, chat.v1'],
    ...['Sec-WebSocket-Extensions', 'permessage-deflate'],
    ...['Sec-WebSocket-Key', 'Kq1nTz9bV0m5R7c2YwHs4g=='],
    ...['Connection', 'keep-alive, Upgrade'],
    ...['Cookie', 'session=4f1c0a9e6b7d4c3a8e2f5b6c7d8e9f0a; theme=dark; consent=1'],
    ...['Sec-Fetch-Dest', 'websocket'],
    ...['Sec-Fetch-Mode', 'websocket'],
    ...['Sec-Fetch-Site', 'same-origin'],
    ...['Pragma', 'no-cache'],
    ...['Cache-Control', 'no-cache'],
    ...['Upgrade', 'websocket'],
  ],
};

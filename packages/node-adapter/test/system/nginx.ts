import { type Nginx, startNginx } from '../../../../test/nginx.js';

/**
 * One process, which passes `/8080/path` on to `/path` at the port 8080 of loopback, and `/hasty/8080/path` likewise
 * but gives up when nothing comes for a second. (A shorter time would not be kept: nginx does not move a timer by less
 * than 300 ms.) `/old/8080/path` goes by HTTP/1.0, which is what
 * many versions of nginx speak where `proxy_http_version` is not set.
 */
function server(port: number): string {
  const oldProxy = `
      proxy_pass http://127.0.0.1:$1/$2;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;`;
  const proxy = `${oldProxy}
      proxy_http_version 1.1;`;
  return `server {
    listen 127.0.0.1:${port};
    location ~ ^/([0-9]+)/(.*)$ {${proxy}
    }
    location ~ ^/old/([0-9]+)/(.*)$ {${oldProxy}
      proxy_http_version 1.0;
    }
    location ~ ^/hasty/([0-9]+)/(.*)$ {${proxy}
      proxy_read_timeout 1s;
    }
  }`;
}

/** nginx as a reverse proxy on loopback. */
export type ReverseProxy = Nginx;

export function startProxy(): Promise<ReverseProxy> {
  return startNginx(server);
}

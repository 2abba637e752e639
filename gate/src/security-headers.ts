import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * The security headers of every answer. The policy is that of an API without pages; the pages of ui have their own,
 * which replaces it.
 */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
    },
    // Gate itself speaks plain HTTP. The proxy that ends TLS decides on this header.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
}

import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * The security headers of every answer. The policy is that of an API, which shows nothing; the
 * pages of ui carry their own, which replaces it.
 */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
    },
    // gate itself speaks plain HTTP; whoever ends TLS before it decides on this one.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
}

/** What TLS says of a certificate, in words for a person. Pure. */

export interface CertificateProblem {
  /** One line: what was found, and what to do. */
  readonly message: string;
  /** Whether waiting may help: a certificate that has expired is renewed some day, one of a stranger stays that. */
  readonly mayPass: boolean;
}

const PROBLEMS: readonly { readonly pattern: RegExp; readonly said: string; readonly mayPass: boolean }[] = [
  { pattern: /CERT_HAS_EXPIRED|certificate has expired/i, said: 'its certificate has expired; issue a new one there (trawl certs issue) and start it again', mayPass: true },
  { pattern: /CERT_NOT_YET_VALID|certificate is not yet valid/i, said: 'its certificate is not valid yet; see to the clocks of both machines', mayPass: true },
  { pattern: /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames/i, said: 'its certificate is for another host name; issue one for this name (trawl certs issue NAME --host HOST), or use the name that it is for', mayPass: false },
  {
    pattern: /SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|CERT_SIGNATURE_FAILURE|self[- ]signed certificate|unable to (verify the first certificate|get (local )?issuer certificate)|certificate signature failure/i,
    said: 'its certificate is of a CA that is not trusted here; name the right one with --ca FILE',
    mayPass: false,
  },
  { pattern: /ERR_SSL_WRONG_VERSION_NUMBER|wrong version number|packet length too long/i, said: 'it does not speak TLS', mayPass: false },
];

/** `said`: the code or the message of an error. Null where it is about something else. */
export function certificateProblem(where: string, said: string): CertificateProblem | null {
  const found = PROBLEMS.find(({ pattern }) => pattern.test(said));
  return found === undefined ? null : { message: `the coordinator at ${where} cannot be trusted: ${found.said}`, mayPass: found.mayPass };
}

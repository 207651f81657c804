// The encoding of a page by its first bytes and what the transport says (HTML Living Standard §13.2.3.2).
import sniff from 'html-encoding-sniffer';

/** `label`: from the transport. `otherwise`: where neither says anything. */
export function sniffedEncoding(
  bytes: Uint8Array,
  { label, otherwise }: { label?: string | undefined; otherwise: string },
): string {
  try {
    return sniff(bytes, {
      ...(label !== undefined && { transportLayerEncodingLabel: label }),
      defaultEncoding: otherwise,
    });
  } catch {
    // html-encoding-sniffer 6 fails on a <meta> whose text ends behind `charset`. Such a page has said nothing.
    return otherwise;
  }
}

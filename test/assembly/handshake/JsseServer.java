// OpenJDK's TLS as an echo server or a web server, for what other servers of today no longer speak: SSL 3.0, RC4, DES, DHE_DSS.
// Arguments: port, PEM chain, PEM key (PKCS #8), then "auth" to ask for a client certificate, or "http".
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.cert.Certificate;
import java.security.spec.*;
import java.util.*;
import javax.net.ssl.*;

public class JsseServer {
  public static void main(String[] args) throws Exception {
    for (String list : new String[] {"tls.disabledAlgorithms", "certpath.disabledAlgorithms", "tls.legacyAlgorithms"})
      Security.setProperty("jdk." + list, "");
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys(args[1], args[2]), new TrustManager[] {new Anyone()}, null);
    SSLServerSocketFactory factory = context.getServerSocketFactory();
    InetAddress here = InetAddress.getByName("127.0.0.1");
    SSLServerSocket server = (SSLServerSocket) factory.createServerSocket(Integer.parseInt(args[0]), 50, here);
    server.setEnabledProtocols(new String[] {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"});
    List<String> suites = new ArrayList<>();
    for (String suite : server.getSupportedCipherSuites())
      if (!suite.contains("anon") && !suite.contains("NULL") && !suite.contains("EXPORT")) suites.add(suite);
    server.setEnabledCipherSuites(suites.toArray(new String[0]));
    boolean http = args.length > 3 && args[3].equals("http");
    if (args.length > 3 && !http) server.setWantClientAuth(true);
    for (;;) {
      Socket socket = server.accept();
      new Thread(() -> serve((SSLSocket) socket, http)).start();
    }
  }

  static void serve(SSLSocket socket, boolean http) {
    try (socket) {
      SSLSession session = socket.getSession();
      Object client;
      try {
        client = ((X509Certificate) session.getPeerCertificates()[0]).getSubjectX500Principal();
      } catch (SSLPeerUnverifiedException nobody) {
        client = "nobody";
      }
      System.out.println(session.getProtocol() + " " + session.getCipherSuite() + " " + client);
      InputStream in = socket.getInputStream();
      if (http) {
        pages(in, socket.getOutputStream(), session.getProtocol() + " " + session.getCipherSuite());
        return;
      }
      byte[] buffer = new byte[65536];
      for (int length; (length = in.read(buffer)) > 0; ) socket.getOutputStream().write(buffer, 0, length);
    } catch (IOException gone) {
      System.out.println(gone);
    }
  }

  /** Answers every request head with the same long page, which says how it is protected. */
  static void pages(InputStream in, OutputStream out, String text) throws IOException {
    byte[] page = (text + "\n").repeat(2000).getBytes();
    byte[] head = ("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + page.length + "\r\n\r\n").getBytes();
    for (int last = 0, next; (next = in.read()) >= 0; ) {
      last = last << 8 | next;
      if (last != 0x0d0a0d0a) continue;
      out.write(head);
      out.write(page);
    }
  }

  static KeyManager[] keys(String chainFile, String keyFile) throws Exception {
    CertificateFactory certificates = CertificateFactory.getInstance("X.509");
    Certificate[] chain;
    try (InputStream in = new FileInputStream(chainFile)) {
      chain = certificates.generateCertificates(in).toArray(new Certificate[0]);
    }
    String pem = Files.readString(Path.of(keyFile)).replaceAll("-----[^-]*-----|\\s", "");
    KeySpec spec = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem));
    PrivateKey key = KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm()).generatePrivate(spec);
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("own", key, new char[0], chain);
    KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }

  static class Anyone extends X509ExtendedTrustManager {
    public void checkClientTrusted(X509Certificate[] chain, String kind) {}
    public void checkServerTrusted(X509Certificate[] chain, String kind) {}
    public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket) {}
    public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket) {}
    public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine) {}
    public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine) {}
    public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
  }
}

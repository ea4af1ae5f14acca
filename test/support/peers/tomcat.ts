/**
 * Tomcat with an AJP connector and one application, which says what it has understood of a request. No test installs it: it
 * brings a JVM. `apt-get install --no-install-recommends tomcat10 default-jre-headless` takes 200 MB.
 */
import { globSync } from 'node:fs';
import { type Owner, ownLoopback, type Peer, skipWithout, startPeer } from './peer.ts';

const HOME = globSync('/usr/share/tomcat*/bin/bootstrap.jar')[0]?.replace('/bin/bootstrap.jar', '');
export const NO_TOMCAT = HOME === undefined ? 'no Tomcat here' : skipWithout('java');

const PORT = 8007;

export interface TomcatSettings {
  readonly secret: string;
  readonly packetBytes: number;
}

export interface Tomcat extends Peer {
  /** HOST:PORT of its AJP connector. */
  readonly address: string;
}

export async function startTomcat(owner: Owner, settings: TomcatSettings): Promise<Tomcat> {
  const host = ownLoopback();
  const peer = await startPeer(owner, {
    command: 'java',
    args: (folder) => [
      ...['-cp', `${HOME}/bin/bootstrap.jar:${HOME}/bin/tomcat-juli.jar`, '-Xshare:auto', '-XX:+UseSerialGC'],
      ...[`-Dcatalina.home=${HOME}`, `-Dcatalina.base=${folder}`, `-Djava.io.tmpdir=${folder}`],
      ...['org.apache.catalina.startup.Bootstrap', 'start'],
    ],
    files: () => ({
      'conf/server.xml': serverXml(host, settings),
      // It would look into all of its archives.
      'conf/context.xml': '<Context><JarScanner scanClassPath="false" scanManifest="false"/></Context>',
      'webapps/ROOT/WEB-INF/web.xml': WEB_XML,
      'webapps/ROOT/app.jsp': APPLICATION,
    }),
    ready: /Server startup in/,
  });
  return { ...peer, address: `${host}:${PORT}` };
}

function serverXml(host: string, { secret, packetBytes }: TomcatSettings): string {
  return `
<Server port="-1">
  <Service name="Catalina">
    <Connector protocol="AJP/1.3" address="${host}" port="${PORT}" secret="${secret}"
               packetSize="${packetBytes}" allowedRequestAttributesPattern="APP_.*"/>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps" autoDeploy="false"/>
    </Engine>
  </Service>
</Server>`;
}

const WEB_XML = `
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0" metadata-complete="true">
  <servlet>
    <servlet-name>jsp</servlet-name>
    <servlet-class>org.apache.jasper.servlet.JspServlet</servlet-class>
  </servlet>
  <servlet>
    <servlet-name>app</servlet-name>
    <jsp-file>/app.jsp</jsp-file>
  </servlet>
  <servlet-mapping>
    <servlet-name>app</servlet-name>
    <url-pattern>/*</url-pattern>
  </servlet-mapping>
</web-app>`;

/** \`/blocks?count=N\` is an answer of N times 64 KiB, whose length nobody knows before; the rest is told line by line. */
const APPLICATION = `<%@ page session="false" trimDirectiveWhitespaces="true"
  import="java.io.*, java.security.MessageDigest, java.util.HexFormat" %><%
OutputStream sink = response.getOutputStream();
response.setContentType("text/plain;charset=UTF-8");
byte[] block = new byte[65536];
if ("/blocks".equals(request.getPathInfo())) {
  for (int left = Integer.parseInt(request.getParameter("count")); left > 0; left--) {
    sink.write(block);
    sink.flush();
  }
} else {
  MessageDigest digest = MessageDigest.getInstance("SHA-256");
  InputStream source = request.getInputStream();
  long length = 0;
  for (int count = source.read(block); count > 0; count = source.read(block)) {
    digest.update(block, 0, count);
    length += count;
  }
  if (request.getHeader("X-Echo") != null) response.setHeader("X-Echo", request.getHeader("X-Echo"));
  response.addHeader("Set-Cookie", "a=1");
  response.addHeader("Set-Cookie", "b=2");
  String cookie = request.getHeader("Cookie");
  StringBuilder told = new StringBuilder();
  told.append("method ").append(request.getMethod()).append('\\n');
  told.append("uri ").append(request.getRequestURI()).append('\\n');
  told.append("query ").append(request.getQueryString()).append('\\n');
  told.append("url ").append(request.getRequestURL()).append('\\n');
  told.append("client ").append(request.getRemoteAddr()).append('\\n');
  told.append("user ").append(request.getHeader("Authorization")).append('\\n');
  told.append("cookie ").append(cookie == null ? 0 : cookie.length()).append('\\n');
  told.append("mode ").append(request.getAttribute("APP_MODE")).append('\\n');
  told.append("body ").append(length).append(' ').append(HexFormat.of().formatHex(digest.digest())).append('\\n');
  sink.write(told.toString().getBytes("UTF-8"));
}
%>`;

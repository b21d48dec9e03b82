//! Real servers in front of the installation: they take over its public address and pass on what they get.

use std::fs;
use std::net::SocketAddrV4;

use crate::edge::Edge;
use crate::network::{CERTIFICATE, FRONT, INSTALLATION, KEY, Network, WORKPLACE};
use crate::trial::End;

/// What stands in front.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Front {
    /// nginx, which ends TLS and passes on plain HTTP with `X-Forwarded-For`, to port 8080.
    Nginx,
    /// The same with TLS of its own to port 443.
    NginxReencrypting,
    /// `HAProxy`, which passes on bytes with a PROXY header before them.
    Haproxy(Proxying),
}

/// How the PROXY header is written.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Proxying {
    /// As a line of text.
    V1,
    /// In binary.
    V2,
}

impl Front {
    /// Starts it, and points the router to it.
    pub(crate) fn stands(self, network: &Network, edge: &Edge) -> Result<(), End> {
        let (path, text) = match self {
            Front::Nginx => (NGINX, nginx(&format!("proxy_pass http://{INSTALLATION}:8080;"))),
            Front::NginxReencrypting => (
                NGINX,
                nginx(&format!(
                    "proxy_pass https://{INSTALLATION}:443; proxy_ssl_server_name on; proxy_ssl_name $host;"
                )),
            ),
            Front::Haproxy(version) => (HAPROXY, haproxy(version)),
        };
        network.front.run(move || fs::write(path, text))?;
        match self {
            Front::Nginx | Front::NginxReencrypting => {
                network.front.start("nginx", &["-e", "stderr", "-c", NGINX], 443)?;
            }
            Front::Haproxy(_) => network.front.start("haproxy", &["-db", "-f", HAPROXY], 443)?,
        }
        network.has(&Edge { to: SocketAddrV4::new(FRONT, 443), ..edge.clone() })
    }
}

const NGINX: &str = "/etc/lab/nginx.conf";
const HAPROXY: &str = "/etc/lab/haproxy.cfg";

fn nginx(passes: &str) -> String {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    // Where the package would have them, only its own user can write.
    let paths = kinds.map(|kind| format!("{kind}_temp_path {WORKPLACE}/{kind};\n")).concat();
    format!(
        "daemon off;\nmaster_process off;\nuser root;\npid {WORKPLACE}/nginx.pid;\nerror_log stderr;\nevents {{}}\n\
         http {{\n\
         access_log off;\n\
         {paths}\
         server {{\n\
         listen {FRONT}:443 ssl;\n\
         ssl_certificate {CERTIFICATE};\n\
         ssl_certificate_key {KEY};\n\
         location / {{\n\
         {passes}\n\
         proxy_set_header Host $host;\n\
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
         proxy_set_header X-Forwarded-Proto $scheme;\n\
         }}\n\
         }}\n\
         }}\n"
    )
}

fn haproxy(version: Proxying) -> String {
    let sends = match version {
        Proxying::V1 => "send-proxy",
        Proxying::V2 => "send-proxy-v2",
    };
    format!(
        "defaults\n mode tcp\n timeout connect 20s\n timeout client 60s\n timeout server 60s\n\
         listen front\n bind {FRONT}:443\n server installation {INSTALLATION}:443 {sends}\n"
    )
}

//! `machine`: machines that are woken for their workers; and what workers in Kubernetes and libvirt are given.

use super::super::brief::{arguments, classes};
use super::super::{Argument, Class};

const MACHINE: &[Argument] = arguments! { required name: Text };
const LATENT: &[Argument] = arguments! {
    required start_action: Any, required stop_action: Any, build_wait_timeout: Seconds = Int(0),
    missing_timeout: Seconds = Int(1200),
};
const COMMAND: &[Argument] = arguments! { required command: Command };
const WAKE: &[Argument] = arguments! { required wakeMac: RenderableText, wolBin: RenderableText = Text("wakeonlan") };
const SSH: &[Argument] = arguments! {
    required host: RenderableText, sshBin: RenderableText = Text("ssh"), sshKey: RenderableText,
    sshHostKey: RenderableText,
};
const REMOTE: &[Argument] = arguments! { required remoteCommand: Command };
const SUSPEND: &[Argument] = arguments! { remoteCommand: Command };
const HTTP: &[Argument] = arguments! {
    required url: RenderableText, required method: Text, params: Renderable, data: Renderable, json: Renderable,
    headers: Renderable, cookies: Renderable, files: Renderable, auth: Renderable, timeout: Any,
    allow_redirects: Renderable, proxies: Renderable,
};

pub const MACHINES: [Class; 8] = super::all_not_yet(
    classes! { machine:
        Machine(name) [MACHINE] "A machine that runs workers.";
        GenericLatentMachine(name, start_action, stop_action) [LATENT, MACHINE] "A machine that is woken by an action.";
        LocalWakeAction(command) [COMMAND] "Runs a command of the master.";
        LocalWOLAction(wakeMac, wolBin) [WAKE] "Wakes a machine over the network.";
        RemoteSshWakeAction(host, remoteCommand) [REMOTE, SSH] "Runs a command over ssh.";
        RemoteSshWOLAction(host, wakeMac) [WAKE, SSH] "Wakes a machine from another one.";
        RemoteSshSuspendAction(host, remoteCommand) [SUSPEND, SSH] "Suspends a machine over ssh.";
        HttpAction(url, method) [HTTP] "Asks a web server.";
    },
    "keep the machine running, and list its workers as worker.Worker",
);

const CONNECTION: &[Argument] = arguments! { required uri: Text };
const NAME: &[Argument] = arguments! { name: Text };
const PROXY: &[Argument] = arguments! { proxy_port: Count = Int(8001), namespace: Text = Text("default") };
const HARDCODED: &[Argument] = arguments! {
    master_url: RenderableText, bearerToken: RenderableText, basicAuth: Any, headers: Any, cert: Any, verify: Any,
    namespace: Text = Text("default"),
};

pub const SERVERS: [Class; 4] = super::all_not_yet(
    classes! { util:
        Connection(uri) [CONNECTION] "A connection to libvirt.";
        KubeCtlProxyConfigLoader(proxy_port, namespace) [PROXY, NAME] "Reaches Kubernetes by `kubectl proxy`.";
        KubeHardcodedConfig(master_url) [HARDCODED, NAME] "Reaches Kubernetes as the file says.";
        KubeInClusterConfigLoader() [NAME] "Reaches the Kubernetes in which the master runs.";
    },
    "start such workers yourself and list them as worker.Worker",
);

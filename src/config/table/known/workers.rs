//! `worker`: workers that the master starts when it needs them.

use super::super::brief::{arguments, classes};
use super::super::{Argument, Class};

const LATENT: &[Argument] = arguments! {
    required name: Text, required password: RenderableText, max_builds: Count, notify_on_missing: Texts,
    missing_timeout: Seconds, properties: Properties, defaultProperties: Properties, locks: Locks,
    keepalive_interval: Seconds = Int(3600), machine_name: Text, build_wait_timeout: Any = Int(600),
    check_instance_interval: Seconds = Int(10), build_timeout: Any,
};

const LOCAL: &[Argument] = arguments! { password: RenderableText, workdir: Text, usePTY: Bool };

const DOCKER: &[Argument] = arguments! {
    password: RenderableText, required docker_host: RenderableText, image: RenderableText, command: Command,
    volumes: Renderable, dockerfile: RenderableText, version: Any, tls: Any, followStartupLogs: Bool = Bool(false),
    masterFQDN: RenderableText, master_protocol: Text = Text("pb"), hostconfig: Any, autopull: Bool = Bool(false),
    alwaysPull: Bool = Bool(false), custom_context: Renderable = Bool(false), encoding: Text = Text("gzip"),
    buildargs: Renderable, hostname: RenderableText, target: RenderableText = Text(""), networking_config: Any,
};

const KUBERNETES: &[Argument] = arguments! {
    password: RenderableText, image: RenderableText = Text("buildbot/buildbot-worker"), namespace: RenderableText,
    masterFQDN: RenderableText, master_protocol: Text = Text("pb"), kube_config: Any, kube_extra_labels: Renderable,
    kube_extra_annotations: Renderable,
};

const EC2: &[Argument] = arguments! {
    required instance_type: Text, ami: Text, valid_ami_owners: Any, valid_ami_location_regex: Text, elastic_ip: Text,
    identifier: RenderableText, secret_identifier: RenderableText, aws_id_file_path: Text, user_data: Any, region: Text,
    keypair_name: Text, security_name: Text, spot_instance: Bool = Bool(false), max_spot_price: Any, volumes: Any,
    placement: Text, price_multiplier: Any, tags: Any, product_description: Text = Text("Linux/UNIX"), subnet_id: Text,
    security_group_ids: Any, instance_profile_name: Text, block_device_map: Any, session: Any,
};

const LIBVIRT: &[Argument] = arguments! {
    hd_image: Text, base_image: Text, uri: Text = Text("system:///"), xml: Text, masterFQDN: Text, connection: Any,
};

const OPENSTACK: &[Argument] = arguments! {
    required flavor: Any, os_username: RenderableText, os_password: RenderableText, os_tenant_name: RenderableText,
    os_auth_url: RenderableText, os_user_domain: RenderableText, os_project_domain: RenderableText, os_auth_args: Any,
    block_devices: Any, region: RenderableText, image: Any, meta: Any, nova_args: Any,
    client_version: RenderableText = Text("2"),
};

const UPCLOUD: &[Argument] = arguments! {
    password: RenderableText, api_username: RenderableText, api_password: RenderableText, image: Any, hostconfig: Any,
    base_url: Text, masterFQDN: Text,
};

const MARATHON: &[Argument] = arguments! {
    password: RenderableText, required marathon_url: RenderableText, required image: RenderableText,
    marathon_auth: Any, marathon_extra_config: Any, marathon_app_prefix: Text = Text("buildbot-worker/"),
    masterFQDN: Text, master_protocol: Text = Text("pb"),
};

const INSTEAD: &str = "start such workers yourself and list them as worker.Worker";

pub const CLASSES: [Class; 15] = super::all_not_yet(
    classes! { worker:
        LocalWorker(name, workdir) [LOCAL, LATENT] "A worker inside of the master.";
        DockerLatentWorker(name, password, docker_host, image, command, volumes, dockerfile) [DOCKER, LATENT]
            "A worker in a container, for each build.";
        DockerLatentBuildSlave(name, password, docker_host, image, command) [DOCKER, LATENT]
            "The same, as Buildbot 0.8 called it.";
        KubeLatentWorker(name, image, namespace) [KUBERNETES, LATENT] "A worker in a pod of Kubernetes.";
        EC2LatentWorker(name, password, instance_type, ami) [EC2, LATENT] "A worker in an instance of EC2.";
        EC2LatentBuildSlave(name, password, instance_type, ami) [EC2, LATENT] "The same, as Buildbot 0.8 called it.";
        LibVirtWorker(name, password, hd_image, base_image, uri, xml) [LIBVIRT, LATENT] "A worker in a domain of libvirt.";
        LibVirtSlave(name, password, connection, hd_image, base_image, xml) [LIBVIRT, LATENT]
            "The same, as Buildbot 0.8 called it.";
        OpenStackLatentWorker(name, password, flavor, image) [OPENSTACK, LATENT] "A worker in an instance of OpenStack.";
        OpenStackLatentBuildSlave(name, password, flavor, image) [OPENSTACK, LATENT]
            "The same, as Buildbot 0.8 called it.";
        UpcloudLatentWorker(name, password) [UPCLOUD, LATENT] "A worker in a server of UpCloud.";
        MarathonLatentWorker(name, marathon_url, image) [MARATHON, LATENT] "A worker in an application of Marathon.";
        LocalLatentWorker(name, password) [LATENT] "A worker that is started by the master's own process.";
        AbstractLatentWorker(name, password) [LATENT] "What workers that are started on demand have in common.";
        AbstractLatentBuildSlave(name, password) [LATENT] "The same, as Buildbot 0.8 called it.";
    },
    INSTEAD,
);

"""Runs rendered manifests as processes on one Linux machine, without containers and without a cluster.

It takes plain documents, as `kubectl kustomize` writes them, and does with their pods what a kubelet and the
controllers do: a network namespace per pod, a mount namespace with a read-only root per container, its uid, its files,
its environment, probes, `preStop`, grace, restarts; Deployments that roll, Jobs that retry, Services that lead to
ready pods.

What stands for what: the image is the folder that `deploy/image` assembles; its base is this machine's `/usr` and
Python, read-only, so a compiler can be seen there that no base image has. kube-proxy is a forwarder in this process.
Names are resolved by `/etc/hosts`, not by DNS. Network policies are compared with what pods do, and block nothing.

A field that is not executed is refused, unless `fields` lists it with a reason. It needs root.
"""

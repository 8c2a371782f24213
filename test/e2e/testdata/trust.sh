#!/bin/sh
# Tries hatoba trust with the real docker, skopeo and crane, on a machine of its
# own: run under unshare --mount --net --propagation private. $1 is hatoba, $2 a
# static binary, $3 an empty folder.
set -eu
unset HTTPS_PROXY HTTP_PROXY https_proxy http_proxy ALL_PROXY all_proxy SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE || true
hatoba=$1 app=$2 work=$3
name=123456789012.dkr.ecr.us-east-1.amazonaws.com
ip link set lo up
mount -t tmpfs tmpfs "$work"
for dir in /etc /usr/local/share /usr/share/ca-certificates /run /var/lib/docker /var/lib/containerd; do
	[ -d "$dir" ] || continue
	key=$(echo "$dir" | tr / _)
	mkdir -p "$work/$key.upper" "$work/$key.work"
	mount -t overlay overlay -o "lowerdir=$dir,upperdir=$work/$key.upper,workdir=$work/$key.work" "$dir"
done
mount -t tmpfs tmpfs /run
say() { echo "--- $*"; }
fail() { echo "FAILED: $*"; exit 1; }
state() { (cd / && find etc usr/local/share -xdev \( -type f -o -type l -o -type d \) -printf '%p %y %l\n' | sort; find etc usr/local/share -xdev -type f ! -path etc/ssl/certs/java/cacerts -exec sha256sum {} + | sort) >"$1"; } # Java's keystore holds times

"$hatoba" up --data-dir "$work/data" --listen 127.0.0.1:4566 --log-level warn >"$work/up.log" 2>&1 &
hatobapid=$!
trap 'kill $hatobapid $dockerpid 2>/dev/null || true; wait' EXIT
dockerpid=
i=0; until curl -sf http://127.0.0.1:4566/_hatoba/health >/dev/null; do i=$((i + 1)); [ $i -lt 100 ] || { cat "$work/up.log"; fail "hatoba does not answer"; }; sleep 0.1; done
update-ca-certificates >/dev/null 2>&1 || fail update-ca-certificates # so that what it does of itself is no difference

cd "$work"
state before
set -- --data-dir "$work/data" --listen 127.0.0.1:4566
"$hatoba" trust install --dry-run "$@"
state dry; cmp before dry || fail "a dry run changed something"
"$hatoba" trust install --region us-east-1 --region eu-west-1 "$@"
"$hatoba" trust install --region us-east-1 --region eu-west-1 "$@" | grep -q 'done already' || fail "a second install changes something"
curl -sS -o /dev/null "https://$name/v2/" || fail "curl does not trust it"
"$hatoba" image build --binary "$app" --push "$@" app:1 >/dev/null

say crane
if command -v crane >/dev/null; then crane digest "$name/app:1" || fail crane; fi
say skopeo
if command -v skopeo >/dev/null; then
	skopeo --insecure-policy copy "docker://$name/app:1" "docker://$name/app:skopeo" >/dev/null || fail skopeo
fi
say docker
if command -v dockerd >/dev/null; then
	mkdir -p "$work/docker"
	dockerd --bridge=none --iptables=false --data-root "$work/docker" --exec-root /run/dockerx --pidfile /run/dockerx.pid -H unix:///run/dockerx.sock >"$work/dockerd.log" 2>&1 &
	dockerpid=$!
	export DOCKER_HOST=unix:///run/dockerx.sock
	i=0; until docker version >/dev/null 2>&1; do i=$((i + 1)); [ $i -lt 150 ] || { tail -5 "$work/dockerd.log"; fail "dockerd does not answer"; }; sleep 0.2; done
	docker pull -q "$name/app:1" || fail "docker pull"
	docker tag "$name/app:1" "$name/app:docker"
	docker push -q "$name/app:docker" || fail "docker push"
	kill $dockerpid; wait $dockerpid || true; dockerpid=
	curl -sf "https://$name/v2/app/tags/list" | grep -q '"docker"' || fail "what docker pushed is not there"
fi

say remove
"$hatoba" trust remove "$@"
rm -rf /etc/docker/key.json; rmdir /etc/docker 2>/dev/null || true # dockerd's own
"$hatoba" trust remove "$@" | grep -q 'Nothing is installed' || fail "a second removal does something"
state after
diff before after || fail "not as it was"
if curl -s --max-time 2 --resolve "$name:443:127.66.0.1" "https://$name/v2/" >/dev/null; then fail "it still answers"; fi
"$hatoba" stop "$@" >/dev/null
say fine

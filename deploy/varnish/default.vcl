vcl 4.1;

# Varnish in front of Twitchy's origins: any number of listeners that wait for the same part are one request to one
# origin, and all get the answer in the moment in which it comes. TLS and HTTP/2 are nginx's (deploy/nginx).
#
#   varnishd -f default.vcl -a 127.0.0.1:6081 -s malloc,2g -p vcl_path=FOLDER_OF_THIS_FILE

import directors;
import std;

include "backends.vcl";

sub vcl_recv {
    # Twitchy would take it before X-Forwarded-For, to which Varnish has added the client's address.
    unset req.http.Forwarded;

    if (req.url !~ "^/hls/") {
        set req.backend_hint = others;
        if (req.http.Upgrade ~ "(?i)websocket") {
            return (pipe);
        }
        # REST, pushes, and pages, which are checked by their entity tags.
        if (req.method == "POST" || req.method == "PUT") {
            # A push lasts for hours and is passed on as it comes.
            return (pipe);
        }
        return (pass);
    }

    set req.backend_hint = origins.backend(by = HASH, healthy = CHOSEN);
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    unset req.http.Twitchy-Other-Origins;
    # Nobody signs in to listen.
    unset req.http.Cookie;
    unset req.http.Authorization;

    # Which parameters count, in one order and one spelling: any other one would be an object of its own, and anybody
    # could make the cache useless with ?x=1, ?x=2, … A value that is no number stays one, for the origin to refuse.
    set req.http.X-Twitchy-Query = "";
    if (req.url ~ "^[^?]*/live\.m3u8\?") {
        if (req.url ~ "[?&]_HLS_msn=") {
            if (req.url ~ "^[^?]*\?(?:(?!_HLS_msn=)[^&]*&)*_HLS_msn=0*[0-9]{1,18}(?:&|$)") {
                set req.http.X-Twitchy-Query = req.http.X-Twitchy-Query
                    + regsub(req.url, "^[^?]*\?(?:(?!_HLS_msn=)[^&]*&)*_HLS_msn=0*([0-9]{1,18})(?:&.*)?$", "&_HLS_msn=\1");
            } else {
                set req.http.X-Twitchy-Query = req.http.X-Twitchy-Query + "&_HLS_msn=invalid";
            }
        }
        if (req.url ~ "[?&]_HLS_part=") {
            if (req.url ~ "^[^?]*\?(?:(?!_HLS_part=)[^&]*&)*_HLS_part=0*[0-9]{1,9}(?:&|$)") {
                set req.http.X-Twitchy-Query = req.http.X-Twitchy-Query
                    + regsub(req.url, "^[^?]*\?(?:(?!_HLS_part=)[^&]*&)*_HLS_part=0*([0-9]{1,9})(?:&.*)?$", "&_HLS_part=\1");
            } else {
                set req.http.X-Twitchy-Query = req.http.X-Twitchy-Query + "&_HLS_part=invalid";
            }
        }
        if (req.url ~ "^[^?]*\?(?:(?!_HLS_skip=)[^&]*&)*_HLS_skip=(?:YES|v2)(?:&|$)") {
            set req.http.X-Twitchy-Query = req.http.X-Twitchy-Query
                + regsub(req.url, "^[^?]*\?(?:(?!_HLS_skip=)[^&]*&)*_HLS_skip=(YES|v2)(?:&.*)?$", "&_HLS_skip=\1");
        }
    }
    set req.url = regsub(req.url, "\?.*$", "") + regsub(req.http.X-Twitchy-Query, "^&", "?");
    unset req.http.X-Twitchy-Query;
    return (hash);
}

sub vcl_hash {
    # Not by host: playlists hold relative addresses only.
    hash_data(req.url);
    return (lookup);
}

sub vcl_backend_fetch {
    if (bereq.url ~ "^/hls/") {
        # All that belongs to one channel is asked of one origin, so that each reads only some of the streams. After a
        # failure it is the next one on the ring. An origin that is told of the others says 403 to what it is behind with,
        # or cut off from. When three have been asked, what any of them has is better than nothing.
        if (bereq.retries < 3) {
            set bereq.http.Twitchy-Other-Origins = "yes";
            set bereq.backend = origins.backend(
                by = KEY, key = origins.key(regsub(bereq.url, "^/hls/([^/]*)/.*$", "\1")), alt = bereq.retries,
                healthy = CHOSEN);
        } else {
            unset bereq.http.Twitchy-Other-Origins;
            set bereq.backend = origins.backend(
                by = KEY, key = origins.key(regsub(bereq.url, "^/hls/([^/]*)/.*$", "\1")), alt = bereq.retries - 3,
                healthy = CHOSEN);
        }
        if (bereq.url !~ "\.m3u8") {
            # Media is never compressed; Varnish would ask for gzip.
            unset bereq.http.Accept-Encoding;
        }
    }
}

sub vcl_backend_response {
    if (bereq.url !~ "^/hls/") {
        return (deliver);
    }
    # An origin that is a part behind knows nothing yet of what another has just listed: the next one is asked.
    if (beresp.status == 404 && bereq.retries < 1 || beresp.status == 403 && bereq.retries < 3) {
        return (retry);
    }
    # How long is the origin's to say. No more than that: a live playlist that is too old is worse than none, so there
    # is neither grace (stale while a new one is fetched) nor keep.
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    if (beresp.status >= 500 || beresp.http.Cache-Control ~ "no-store") {
        # The built-in code would remember for two minutes that this address cannot be cached ("hit-for-miss"), and each
        # of the waiting requests for it would go to the origin. A second is the time after which players ask again.
        set beresp.uncacheable = true;
        set beresp.ttl = 1s;
    }
    return (deliver);
}

sub vcl_backend_error {
    # The origin died with the request, or does not answer: the next one has it.
    if (bereq.url ~ "^/hls/" && bereq.retries < 4) {
        return (retry);
    }
    set beresp.status = 503;
    set beresp.ttl = 0s;
    set beresp.grace = 0s;
    # Without this field a script in another site's page sees no status at all, and hls.js does not try again.
    set beresp.http.Access-Control-Allow-Origin = "*";
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Retry-After = "1";
    set beresp.http.Content-Type = "application/problem+json";
    set beresp.body = """{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"No origin answers. Ask again in a second."}""";
    return (deliver);
}

sub vcl_deliver {
    # Set by Varnish: Age, by which a player knows how old its copy of a playlist is.
    set resp.http.X-Cache-Status = "MISS";
    if (obj.hits > 0) {
        set resp.http.X-Cache-Status = "HIT";
    }
    unset resp.http.X-Varnish;
    unset resp.http.Via;
}

sub vcl_pipe {
    # Otherwise the connection's next request, perhaps another client's behind a proxy, would go down the same pipe.
    if (req.http.Upgrade) {
        set bereq.http.Upgrade = req.http.Upgrade;
        set bereq.http.Connection = req.http.Connection;
    } else {
        set bereq.http.Connection = "close";
    }
    return (pipe);
}

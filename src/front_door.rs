//! What the front doors (REST API, HTTP API, function URL, load balancer) say differently.

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};

use crate::api::views::Urls;
use crate::config::Config;

/// What every path of the API begins with.
const ROOT: &str = "/v2/packages/";

/// The path of the API's description.
const DESCRIPTION: &str = "/openapi.yaml";

/// The path as the API's pages speak of it: without a stage or a base path in front.
pub(crate) fn path(request: &Request) -> String {
    if let Some(RequestContext::ApiGatewayV1(context)) = request.request_context_ref()
        && context.resource_path.as_deref() == Some("/")
    {
        return "/".to_owned();
    }
    let raw = request.raw_http_path();
    let raw = if raw.is_empty() { request.uri().path() } else { raw };
    let front = raw
        .find(ROOT)
        .or_else(|| raw.strip_suffix(DESCRIPTION).map(str::len));
    front.map_or(raw, |front| &raw[front..]).to_owned()
}

/// Where this deployment is reached: as configured, else as the front door's own context says,
/// never as a header says, which anybody can set. A load balancer's context does not say it: without
/// `API_BASE_URL`, addresses behind one are paths alone.
pub(crate) fn urls(config: &Config, request: &Request) -> Urls {
    let api = config.api_base_url.clone();
    let api = api.or_else(|| base_url(request)).unwrap_or_default();
    let web = config.web_base_url.clone().unwrap_or_else(|| api.clone());
    Urls { api, web }
}

/// `https://`, the domain, and whatever the context's path has in front of the API's root.
fn base_url(request: &Request) -> Option<String> {
    let (domain, path) = match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => (&context.domain_name, &context.path),
        RequestContext::ApiGatewayV2(context) => (&context.domain_name, &context.http.path),
        _ => return None,
    };
    let path = path.as_deref().unwrap_or_default();
    let front = path.find(ROOT).map_or("", |end| &path[..end]);
    Some(format!("https://{}{front}", domain.as_deref()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime;

    fn request(event: &str) -> Request {
        runtime::read(event).unwrap().into()
    }

    fn config() -> Config {
        Config::new("t", "b")
    }

    const PATH: &str = "/v2/packages/organizations/o/registries/r/packages";

    #[test]
    fn a_stage_and_a_base_path_are_no_part_of_the_path_but_of_the_address() {
        for (domain, front, raw) in [
            (
                "abc.execute-api.us-east-1.amazonaws.com",
                "/prod",
                PATH.to_owned(),
            ),
            ("packages.example.com", "/base", format!("/base{PATH}")),
            ("packages.example.com", "", PATH.to_owned()),
        ] {
            let request = request(&format!(
                r#"{{"httpMethod": "GET", "path": "{raw}", "resource": "/{{proxy+}}",
                    "headers": {{"host": "evil.example.com", "x-forwarded-host": "evil.example.com"}},
                    "requestContext": {{"stage": "prod", "domainName": "{domain}", "httpMethod": "GET",
                        "path": "{front}{PATH}", "resourcePath": "/{{proxy+}}"}}}}"#
            ));
            assert_eq!(path(&request), PATH);
            assert_eq!(urls(&config(), &request).api, format!("https://{domain}{front}"));
        }
    }

    #[test]
    fn configured_addresses_win_and_a_header_never_decides() {
        let event = format!(
            r#"{{"httpMethod": "GET", "path": "{PATH}", "headers": {{"host": "evil.example.com"}},
                "requestContext": {{"elb": {{"targetGroupArn": "arn:aws:elasticloadbalancing:x"}}}}}}"#
        );
        assert_eq!(urls(&config(), &request(&event)).api, "");
        let config = Config {
            api_base_url: Some("https://api.example.com".to_owned()),
            web_base_url: Some("https://www.example.com".to_owned()),
            ..config()
        };
        let urls = urls(&config, &request(&event));
        assert_eq!(urls.api, "https://api.example.com");
        assert_eq!(urls.web, "https://www.example.com");
    }
}

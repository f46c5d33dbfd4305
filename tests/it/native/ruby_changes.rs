//! `gem push` and `gem yank`: the deeds that they end in, and who may do them.

use http::Method;
use packages_api::Scope;

use super::ruby::{get, push, said, yank};
use crate::support::File;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::gem::Gem;

#[tokio::test]
async fn pushes_end_in_the_api_publishes() {
    let app = TestApp::start().await;
    let user = &app.user;
    let gem = Gem::banana().platform("java").build();
    assert_eq!(
        said(&push(user, &gem).await),
        (200, "Successfully registered gem: banana (1.0.0-java)\n")
    );
    assert_eq!(
        said(&push(user, &gem).await),
        (200, "This gem is there already: banana (1.0.0-java)\n")
    );
    // `gem` has two slashes where its host ends in one.
    let request = user.request(Method::POST, &user.native("//api/v1/gems"));
    let second = user.send(request.body(Gem::banana().build().bytes)).await;
    assert_eq!(
        said(&second),
        (200, "Successfully registered gem: banana (1.0.0)\n")
    );
    let list = user.call(Method::GET, &user.packages()).await.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
    let id = list["items"][1]["id"].as_str().expect("an id");
    let package = user.get(id).await.json();
    for (field, value) in [
        ("filename", "banana-1.0.0-java.gem"),
        ("name", "banana"),
        ("variant", "java"),
    ] {
        assert_eq!(package[field], value);
    }
    let other = push(user, &Gem::banana().platform("java").summary("Other").build()).await;
    let message = format!(
        "banana 1.0.0 (java) is published already, with other content, as package {id}. Publish this file as a \
         new version, or delete that package first.\n"
    );
    assert_eq!(said(&other), (409, message.as_str()));
    let refused = push(user, &File::new("x", "no gem")).await;
    let message = "This is a text file, but the registry holds gems (`.gem`); publish the package that your build made.\n";
    assert_eq!(said(&refused), (422, message));
}

#[tokio::test]
async fn yanks_end_in_the_api_deletes() {
    let app = TestApp::start().await;
    let user = &app.user;
    let id = user.publish(&Gem::banana().build()).await.id();
    user.publish(&Gem::banana().platform("java").build()).await.id();
    for (form, status, text) in [
        (
            "gem_name=banana&version=1.0.1",
            404,
            "There is no gem banana 1.0.1 (ruby) in the registry `my_great_org/my-registry`. Name its platform with \
             --platform where it is not `ruby`.\n",
        ),
        (
            "version=1.0.0",
            422,
            "The form does not name a gem. Send `gem_name`, `version`, and `platform` unless it is `ruby`.\n",
        ),
        (
            "gem_name=%2e%2e%2fbanana&version=1.0.0",
            422,
            "The form does not name a gem. Send `gem_name`, `version`, and `platform` unless it is `ruby`.\n",
        ),
        (
            "gem_name=banana&version=1.0.0",
            200,
            "Successfully deleted gem: banana (1.0.0)\n",
        ),
    ] {
        assert_eq!(said(&yank(user, form).await), (status, text), "{form}");
    }
    user.get(&id).await.assert_error(404);
    let yanked = yank(user, "gem_name=banana&version=1.0.0&platform=java").await;
    assert_eq!(
        said(&yanked),
        (200, "Successfully deleted gem: banana (1.0.0-java)\n")
    );
    assert_eq!(get(user, "/info/banana").await.status, 404);
}

#[tokio::test]
async fn tokens_open_what_their_scopes_say() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    app.user.publish(&gem).await.id();
    let stranger = app.stranger().await.at(ORGANIZATION, "my-registry");
    let (reader, publisher, deleter) = (
        app.user_with(&[Scope::ReadPackages]).await,
        app.user_with(&[Scope::CreatePackages]).await,
        app.user_with(&[Scope::DeletePackages]).await,
    );
    let other_ecosystem = app.user.at(ORGANIZATION, FILES);
    let missing = app.user.at(ORGANIZATION, "no-such-registry");
    for (user, read, pushed, yanked) in [
        (&app.user.authorized(None), 401, 401, 401),
        (&app.user.authorized(Some("pkgs_x")), 401, 401, 401),
        (&stranger, 404, 404, 404),
        (&other_ecosystem, 404, 404, 404),
        (&missing, 404, 404, 404),
        (&reader, 200, 403, 403),
        (&publisher, 403, 200, 403),
        // The last one, since it deletes.
        (&deleter, 403, 403, 200),
    ] {
        for path in [
            "",
            "/",
            "/info/banana",
            "/gems/banana-1.0.0.gem",
            "/quick/Marshal.4.8/banana-1.0.0.gemspec.rz",
        ] {
            let answer = user.call(Method::HEAD, &user.native(path)).await;
            assert_eq!(answer.status, read, "{path} by {user:?}");
        }
        let push = push(user, &gem).await;
        assert_eq!(push.status, pushed, "{}", push.text());
        let yank = yank(user, "gem_name=banana&version=1.0.0").await;
        assert_eq!(yank.status, yanked, "{}", yank.text());
        // RubyGems would ask people for an account that there is not.
        assert!(!push.text().starts_with("The API key doesn't have access"));
    }
    let unauthorized = push(&app.user.authorized(None), &gem).await;
    assert!(
        unauthorized.text().contains("GEM_HOST_API_KEY"),
        "{}",
        unauthorized.text()
    );
    assert_eq!(
        unauthorized.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
}

//! A client library that others wrote.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::server::{TestServer, note};

#[tokio::test]
async fn tungstenite_echoes_gets_live_messages_and_closes_cleanly() {
    let server = TestServer::start().await;
    let (mut echo, _) = connect_async(format!("ws://{}/echo", server.address)).await.unwrap();
    for size in [0, 1, 125, 126, 65_535, 65_536, 1_000_000] {
        let text = "x".repeat(size);
        echo.send(Message::text(text.clone())).await.unwrap();
        assert_eq!(echo.next().await.unwrap().unwrap(), Message::text(text));
        echo.send(Message::binary(vec![7; size])).await.unwrap();
        assert_eq!(echo.next().await.unwrap().unwrap(), Message::binary(vec![7; size]));
    }
    let (mut live, _) = connect_async(format!("ws://{}/channel", server.address)).await.unwrap();
    assert_eq!(live.next().await.unwrap().unwrap(), Message::text("subscribed"));
    server.channel().publish(note("news"));
    assert_eq!(live.next().await.unwrap().unwrap(), Message::text("news"));

    let frame = CloseFrame { code: 4321.into(), reason: "done".into() };
    echo.close(Some(frame)).await.unwrap();
    let Some(Ok(Message::Close(Some(answer)))) = echo.next().await else { panic!("no close frame") };
    assert_eq!(u16::from(answer.code), 4321);
    assert!(echo.next().await.is_none());
    server.wait_until("one socket to end", |server| server.transport.stats().open == 1).await;
    assert_eq!(server.transport.stats().closed.get(&4321), Some(&1));
}

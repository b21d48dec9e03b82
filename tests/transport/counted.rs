//! A relay that counts the connections made through it, and can end them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Counted {
    pub(crate) address: SocketAddr,
    made: Arc<AtomicUsize>,
    /// How often connections were cut.
    cuts: watch::Sender<u32>,
}

impl Counted {
    pub(crate) async fn before(real: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let made = Arc::new(AtomicUsize::new(0));
        let (cuts, cut) = watch::channel(0);
        let count = Arc::clone(&made);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let mut cut = cut.clone();
                cut.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(real).await else { return };
                    near.set_nodelay(true).unwrap();
                    far.set_nodelay(true).unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Counted { address, made, cuts }
    }

    /// How many connections there have been.
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    /// Ends those that there are.
    pub(crate) async fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
        // The tasks that hold them end before this one goes on.
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
    }
}

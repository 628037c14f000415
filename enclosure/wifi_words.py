"""What is said during a wifi setup, in the languages of the page. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language; `failed` needs one of the `reasons`, in their order in `REASONS`."""

    lang: str
    introduction: str
    join: str
    join_open: str
    page: str
    left: str
    trying: str
    failed: str
    done: str
    over: str
    error: str
    offline: str
    offline_with_menu: str
    dot: str
    space: str
    capital: str
    reasons: tuple[str, str, str, str, str, str, str]


REASONS = (
    *("wrong-password", "maybe-wrong-password", "not-found", "no-answer", "no-address", "unsupported"),
    "other",
)
"""The reasons of system.wifi.ap_connection_failed; an unknown one is the last."""

ENGLISH = Words(
    "en-us",
    "Hello. To help you, I need the internet. Plug in a network cable, or give me a wifi network: I will tell "
    "you how.",
    "With your phone, join the wifi network {ssid}. Its password is {password}.",
    "With your phone, join the wifi network {ssid}.",
    "You are connected to me. Follow the page that opens on your phone, or open {address} in its browser.",
    "I have lost the connection to your phone.",
    "I am connecting to {ssid}.",
    "I could not connect to {ssid}: {reason}.",
    "I am connected to {ssid}.",
    "The wifi setup is over.",
    "I cannot set up the wifi now.",
    "I am not connected to a network. Plug in a network cable, or set up the wifi.",
    "I am not connected to a network. Plug in a network cable, or hold the button for two seconds and choose "
    "wifi.",
    "dot",
    "space",
    "capital {letter}",
    (
        *("the password is wrong", "the password is wrong, or the router is too far away"),
        *("I cannot find the network", "the router does not answer", "the router gave me no address"),
        *("this kind of network is not supported", "the connection failed"),
    ),
)

_OTHERS = (
    Words(
        "de-de",
        "Hallo. Um dir zu helfen, brauche ich das Internet. Stecke ein Netzwerkkabel ein, oder gib mir ein WLAN: "
        "ich sage dir, wie.",
        "Verbinde dein Telefon mit dem WLAN {ssid}. Das Passwort ist {password}.",
        "Verbinde dein Telefon mit dem WLAN {ssid}.",
        "Du bist mit mir verbunden. Folge der Seite, die sich auf dem Telefon öffnet, oder öffne {address} im "
        "Browser.",
        "Ich habe die Verbindung zu deinem Telefon verloren.",
        "Ich verbinde mich mit {ssid}.",
        "Ich konnte mich nicht mit {ssid} verbinden: {reason}.",
        "Ich bin mit {ssid} verbunden.",
        "Die WLAN-Einrichtung ist beendet.",
        "Ich kann das WLAN jetzt nicht einrichten.",
        "Ich bin mit keinem Netz verbunden. Stecke ein Netzwerkkabel ein, oder richte das WLAN ein.",
        "Ich bin mit keinem Netz verbunden. Stecke ein Netzwerkkabel ein, oder halte den Knopf zwei Sekunden und "
        "wähle wifi.",
        "Punkt",
        "Leerzeichen",
        "großes {letter}",
        (
            *("das Passwort ist falsch", "das Passwort ist falsch, oder der Router ist zu weit weg"),
            *("ich finde das Netz nicht", "der Router antwortet nicht", "der Router gab mir keine Adresse"),
            *("diese Art von Netz wird nicht unterstützt", "die Verbindung ist fehlgeschlagen"),
        ),
    ),
    Words(
        "fr-fr",
        "Bonjour. Pour vous aider, j'ai besoin d'internet. Branchez un câble réseau, ou donnez-moi un réseau "
        "wifi : je vous dirai comment.",
        "Avec votre téléphone, rejoignez le réseau wifi {ssid}. Le mot de passe est {password}.",
        "Avec votre téléphone, rejoignez le réseau wifi {ssid}.",
        "Vous êtes connecté à moi. Suivez la page qui s'ouvre sur le téléphone, ou ouvrez {address} dans son "
        "navigateur.",
        "J'ai perdu la connexion à votre téléphone.",
        "Je me connecte à {ssid}.",
        "Je n'ai pas pu me connecter à {ssid} : {reason}.",
        "Je suis connecté à {ssid}.",
        "La configuration du wifi est terminée.",
        "Je ne peux pas configurer le wifi maintenant.",
        "Je ne suis connecté à aucun réseau. Branchez un câble réseau, ou configurez le wifi.",
        "Je ne suis connecté à aucun réseau. Branchez un câble réseau, ou appuyez deux secondes sur le bouton et "
        "choisissez wifi.",
        "point",
        "espace",
        "{letter} majuscule",
        (
            *("le mot de passe est faux", "le mot de passe est faux, ou le routeur est trop loin"),
            *("je ne trouve pas le réseau", "le routeur ne répond pas", "le routeur ne m'a pas donné d'adresse"),
            *("ce type de réseau n'est pas pris en charge", "la connexion a échoué"),
        ),
    ),
    Words(
        "es-es",
        "Hola. Para ayudarte, necesito internet. Conecta un cable de red, o dame una red wifi: te diré cómo.",
        "Con tu teléfono, únete a la red wifi {ssid}. La contraseña es {password}.",
        "Con tu teléfono, únete a la red wifi {ssid}.",
        "Estás conectado a mí. Sigue la página que se abre en el teléfono, o abre {address} en su navegador.",
        "He perdido la conexión con tu teléfono.",
        "Me estoy conectando a {ssid}.",
        "No he podido conectarme a {ssid}: {reason}.",
        "Estoy conectado a {ssid}.",
        "La configuración del wifi ha terminado.",
        "No puedo configurar el wifi ahora.",
        "No estoy conectado a ninguna red. Conecta un cable de red, o configura el wifi.",
        "No estoy conectado a ninguna red. Conecta un cable de red, o mantén pulsado el botón dos segundos y "
        "elige wifi.",
        "punto",
        "espacio",
        "{letter} mayúscula",
        (
            *("la contraseña es incorrecta", "la contraseña es incorrecta, o el router está demasiado lejos"),
            *("no encuentro la red", "el router no responde", "el router no me ha dado una dirección"),
            *("este tipo de red no es compatible", "la conexión ha fallado"),
        ),
    ),
    Words(
        "it-it",
        "Ciao. Per aiutarti ho bisogno di internet. Collega un cavo di rete, oppure dammi una rete wifi: ti dirò "
        "come.",
        "Con il telefono, collegati alla rete wifi {ssid}. La password è {password}.",
        "Con il telefono, collegati alla rete wifi {ssid}.",
        "Sei collegato a me. Segui la pagina che si apre sul telefono, oppure apri {address} nel suo browser.",
        "Ho perso la connessione con il tuo telefono.",
        "Mi sto collegando a {ssid}.",
        "Non sono riuscito a collegarmi a {ssid}: {reason}.",
        "Sono collegato a {ssid}.",
        "La configurazione del wifi è terminata.",
        "Non posso configurare il wifi adesso.",
        "Non sono collegato a nessuna rete. Collega un cavo di rete, o configura il wifi.",
        "Non sono collegato a nessuna rete. Collega un cavo di rete, o tieni premuto il pulsante per due secondi "
        "e scegli wifi.",
        "punto",
        "spazio",
        "{letter} maiuscola",
        (
            *("la password è sbagliata", "la password è sbagliata, o il router è troppo lontano"),
            *("non trovo la rete", "il router non risponde", "il router non mi ha dato un indirizzo"),
            *("questo tipo di rete non è supportato", "il collegamento non è riuscito"),
        ),
    ),
    Words(
        "nl-nl",
        "Hallo. Om je te helpen heb ik internet nodig. Sluit een netwerkkabel aan, of geef mij een wifinetwerk: "
        "ik zeg je hoe.",
        "Verbind je telefoon met het wifinetwerk {ssid}. Het wachtwoord is {password}.",
        "Verbind je telefoon met het wifinetwerk {ssid}.",
        "Je bent met mij verbonden. Volg de pagina die op de telefoon opent, of open {address} in de browser.",
        "Ik heb de verbinding met je telefoon verloren.",
        "Ik maak verbinding met {ssid}.",
        "Ik kon geen verbinding maken met {ssid}: {reason}.",
        "Ik ben verbonden met {ssid}.",
        "Het instellen van de wifi is beëindigd.",
        "Ik kan de wifi nu niet instellen.",
        "Ik ben met geen netwerk verbonden. Sluit een netwerkkabel aan, of stel de wifi in.",
        "Ik ben met geen netwerk verbonden. Sluit een netwerkkabel aan, of houd de knop twee seconden ingedrukt "
        "en kies wifi.",
        "punt",
        "spatie",
        "hoofdletter {letter}",
        (
            *("het wachtwoord is verkeerd", "het wachtwoord is verkeerd, of de router is te ver weg"),
            *("ik vind het netwerk niet", "de router antwoordt niet", "de router gaf mij geen adres"),
            *("dit soort netwerk wordt niet ondersteund", "de verbinding is mislukt"),
        ),
    ),
    Words(
        "pt-pt",
        "Olá. Para o ajudar, preciso da internet. Ligue um cabo de rede, ou dê-me uma rede wifi: eu digo como.",
        "Com o telefone, entre na rede wifi {ssid}. A palavra-passe é {password}.",
        "Com o telefone, entre na rede wifi {ssid}.",
        "Está ligado a mim. Siga a página que se abre no telefone, ou abra {address} no navegador.",
        "Perdi a ligação ao seu telefone.",
        "Estou a ligar-me a {ssid}.",
        "Não consegui ligar-me a {ssid}: {reason}.",
        "Estou ligado a {ssid}.",
        "A configuração do wifi terminou.",
        "Não posso configurar o wifi agora.",
        "Não estou ligado a nenhuma rede. Ligue um cabo de rede, ou configure o wifi.",
        "Não estou ligado a nenhuma rede. Ligue um cabo de rede, ou mantenha o botão premido durante dois "
        "segundos e escolha wifi.",
        "ponto",
        "espaço",
        "{letter} maiúscula",
        (
            *("a palavra-passe está errada", "a palavra-passe está errada, ou o router está longe demais"),
            *("não encontro a rede", "o router não responde", "o router não me deu um endereço"),
            *("este tipo de rede não é suportado", "a ligação falhou"),
        ),
    ),
)

_BY_LANGUAGE = {words.lang[:2]: words for words in (ENGLISH, *_OTHERS)}


def words_of(lang: str | None) -> Words:
    """The sentences in a language such as de-de or de_AT; in English where it is none of them."""
    return _BY_LANGUAGE.get((lang or "").lower().replace("_", "-").partition("-")[0], ENGLISH)


def reason_in(words: Words, reason: str | None) -> str:
    """Why a network was not joined, in words."""
    return words.reasons[REASONS.index(reason)] if reason in REASONS else words.reasons[-1]


def spelled(words: Words, text: str) -> str:
    """A password as it is said: one character after the other."""
    return ", ".join(words.space if character == " " else _letter(words, character) for character in text)


def _letter(words: Words, character: str) -> str:
    return words.capital.format(letter=character) if character.isupper() else character


def address_in(words: Words, address: str) -> str:
    """An address as it is said."""
    return f" {words.dot} ".join(address.split("."))
